import { FakeClock, type Timer } from '../../lib/clock.ts';

/** A clock that moves when told to, and says when its next timer is due. */
export class SimulatedClock extends FakeClock {
  readonly #due = new Set<{ at: number }>();

  /** When the next timer runs, in ms of `monotonic()`; infinity when there is none. */
  get nextTimer(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#due) next = Math.min(next, at);
    return next;
  }

  override after(ms: number, fn: () => void): Timer {
    const entry = { at: this.monotonic() + Math.max(0, ms) };
    this.#due.add(entry);
    const timer = super.after(ms, () => {
      this.#due.delete(entry);
      fn();
    });
    return {
      cancel: () => {
        this.#due.delete(entry);
        timer.cancel();
      },
    };
  }
}
