/** Why lines were lost. */
export type DropReason = 'buffer_full' | 'refused' | 'invalid' | 'too_large' | 'closed' | 'stdout_full';

/** Exact counts of lost lines by reason, since the start and since the last report. */
export class DropCounter {
  readonly #totals = new Map<DropReason, number>();
  #unreported = new Map<DropReason, number>();

  add(reason: DropReason, lines: number): void {
    if (lines > 0) {
      this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + lines);
      this.#unreported.set(reason, (this.#unreported.get(reason) ?? 0) + lines);
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
}
