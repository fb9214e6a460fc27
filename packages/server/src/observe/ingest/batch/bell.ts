import type { Clock } from '../../../lib/clock.ts';

/** Lets one loop sleep until something happens; a ring that nobody waited for is remembered. */
export class Bell {
  readonly #clock: Clock;
  #rung = false;
  #waiter: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#waiter?.();
  }

  /** Resolves at the next ring, or after `ms` milliseconds. */
  async wait(ms?: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = ms === undefined ? undefined : this.#clock.after(ms, resolve);
        this.#waiter = () => {
          timer?.cancel();
          resolve();
        };
      });
    }
    this.#waiter = undefined;
    this.#rung = false;
  }
}
