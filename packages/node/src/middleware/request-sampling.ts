/** Keeps all ordinary requests while they are few, and a share of them when they are many. */
export class AdaptiveSampler {
  readonly #perSecond: number;
  #second = -1;
  #seen = 0;
  #share = 1;

  /** @param perSecond lines of ordinary requests that are written a second, about */
  constructor(perSecond: number) {
    this.#perSecond = Math.max(0, perSecond);
  }

  /** Counts one request. @param now milliseconds @returns the share of requests like it that are written */
  share(now: number): number {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#share = second === this.#second + 1 ? this.#shareOf(this.#seen) : 1;
      this.#second = second;
      this.#seen = 0;
    }
    this.#seen++;
    // A second may bring more than the one before did.
    return Math.min(this.#share, this.#shareOf(this.#seen));
  }

  #shareOf(requests: number): number {
    return requests <= this.#perSecond ? 1 : this.#perSecond / requests;
  }
}

/** Whether a request is of the share: all parts of one trace agree. @param traceId hexadecimal */
export function isDrawn(traceId: string, share: number): boolean {
  return share >= 1 || Number.parseInt(traceId.slice(-8), 16) / 0x1_0000_0000 < share;
}
