import type { Tally } from './reading.ts';

/** Counts by slice of time over a fixed span; a slice is named by its end, in units of its width. */
export class TallyRing {
  readonly #size: number;
  readonly #total: Float64Array;
  readonly #bad: Float64Array;
  /** The newest slice that is known. */
  #head = Number.NEGATIVE_INFINITY;

  /** @param size how many slices are kept */
  constructor(size: number) {
    this.#size = size;
    this.#total = new Float64Array(size);
    this.#bad = new Float64Array(size);
  }

  /** Forgets all slices after `from`, and makes room until `to`. */
  open(from: number, to: number): void {
    const first = Math.max(to - this.#size, Math.min(from, this.#head)) + 1;
    for (let slice = first; slice <= to; slice++) this.#clear(slice);
    this.#head = to;
  }

  add(slice: number, total: number, bad: number): void {
    if (slice > this.#head || slice <= this.#head - this.#size) return;
    const index = slice % this.#size;
    this.#total[index] = (this.#total[index] ?? 0) + total;
    this.#bad[index] = (this.#bad[index] ?? 0) + bad;
  }

  /** All slices that end in `(from, to]`, as far as they are kept. */
  sum(from: number, to: number): Tally {
    const tally = { total: 0, bad: 0 };
    const last = Math.min(to, this.#head);
    for (let slice = Math.max(from, this.#head - this.#size) + 1; slice <= last; slice++) {
      tally.total += this.#total[slice % this.#size] ?? 0;
      tally.bad += this.#bad[slice % this.#size] ?? 0;
    }
    return tally;
  }

  #clear(slice: number): void {
    this.#total[slice % this.#size] = 0;
    this.#bad[slice % this.#size] = 0;
  }
}
