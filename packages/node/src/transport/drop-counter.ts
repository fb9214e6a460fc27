/** Why records were lost, or left out by sampling. */
export type DropReason =
  | 'buffer_full'
  | 'refused'
  | 'invalid'
  | 'too_large'
  | 'closed'
  | 'stdout_full'
  | 'file_failed'
  | 'collapsed'
  | 'sampled';

const BY_SAMPLING: ReadonlySet<DropReason> = new Set(['collapsed', 'sampled']);

/** What is collected before it is told, and the least pause before it is told again; milliseconds. */
const TELL_AFTER = 1000;
const PAUSE = 30_000;

const listed = (counts: readonly [DropReason, number][]) =>
  counts.map(([reason, lines]) => `${lines} (${reason})`).join(', ');

function addTo(counts: Map<DropReason, number>, reason: DropReason, lines: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + lines);
}

/** Exact counts of lost lines by reason, since the start, since they last went out as metrics, and since they were last told to people. */
export class DropCounter {
  readonly #totals = new Map<DropReason, number>();
  readonly #warn: ((message: string) => void) | undefined;
  #unreported = new Map<DropReason, number>();
  #untold = new Map<DropReason, number>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param warn tells people, at most every 30 s */
  constructor(warn?: (message: string) => void) {
    this.#warn = warn;
  }

  add(reason: DropReason, lines: number): void {
    if (lines > 0) {
      addTo(this.#totals, reason, lines);
      addTo(this.#unreported, reason, lines);
      if (this.#warn !== undefined) {
        addTo(this.#untold, reason, lines);
        this.#timer ??= setTimeout(
          () => this.tell(),
          Math.max(TELL_AFTER, this.#toldAt + PAUSE - performance.now()),
        ).unref();
      }
    }
  }

  totals(): Partial<Record<DropReason, number>> {
    return Object.fromEntries(this.#totals);
  }

  /** The counts since the last call; they are then considered reported. */
  takeUnreported(): [DropReason, number][] {
    const counts = [...this.#unreported];
    this.#unreported = new Map();
    return counts;
  }

  /** Tells people now what they were not told yet; for the end of the process. */
  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lost = [...this.#untold].filter(([reason]) => !BY_SAMPLING.has(reason));
    const leftOut = [...this.#untold].filter(([reason]) => BY_SAMPLING.has(reason));
    this.#untold = new Map();
    const parts = [
      ...(lost.length > 0 ? [`lost ${listed(lost)} records`] : []),
      ...(leftOut.length > 0 ? [`left out by sampling: ${listed(leftOut)}`] : []),
    ];
    if (parts.length > 0) {
      this.#toldAt = performance.now();
      this.#warn?.(parts.join('; '));
    }
  }
}
