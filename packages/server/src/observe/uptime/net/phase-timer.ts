import type { Clock } from '../../../lib/clock.ts';
import { PHASES, type Phase, type PhaseTimes } from '../check.ts';

/** Divides the time of one check into phases that follow each other; a phase that comes twice is summed. */
export class PhaseTimer {
  readonly #clock: Clock;
  readonly #start: number;
  #mark: number;
  #current: Phase | null = null;
  readonly #spent = new Map<Phase, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock.monotonic();
    this.#mark = this.#start;
  }

  /** The phase that runs now, null before the first. */
  get current(): Phase | null {
    return this.#current;
  }

  /** Ends the running phase and begins another, or none. */
  enter(phase: Phase | null): void {
    const now = this.#clock.monotonic();
    if (this.#current) this.#spent.set(this.#current, (this.#spent.get(this.#current) ?? 0) + now - this.#mark);
    this.#mark = now;
    this.#current = phase;
  }

  /** Milliseconds since the check began. */
  elapsed(): number {
    return this.#clock.monotonic() - this.#start;
  }

  /**
   * Ends the check. Phases are rounded down and the whole up, so that the sum never exceeds it. The phase in which
   * the check ended counts as reached.
   */
  finish(): { phases: PhaseTimes; durationMs: number } {
    this.enter(null);
    const phases = Object.fromEntries(
      PHASES.map((phase) => {
        const spent = this.#spent.get(phase);
        return [phase, spent === undefined ? null : Math.floor(spent * 100) / 100];
      }),
    ) as PhaseTimes;
    return { phases, durationMs: Math.ceil((this.#mark - this.#start) * 100) / 100 };
  }
}
