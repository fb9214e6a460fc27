import type { Clock } from '../../../lib/clock.ts';

/** So many alerts that wait for their commit are a flood. */
const FLOOD = 100;
/** Work on what was taken before is held up for so long at most, ms. */
const HELD_UP_MS = 100;

/**
 * Lets intake go first in a flood: senders wait for their answer, while what was taken is safe. A transaction of other work
 * waits until there is no flood any more, or for a tenth of a second.
 */
export class RightOfWay {
  readonly #clock: Clock;
  #arriving = 0;
  #held: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes so many alerts in by `work`. */
  async take(count: number, work: () => Promise<void>): Promise<void> {
    this.#arriving += count;
    try {
      await work();
    } finally {
      this.#arriving -= count;
      if (this.#arriving < FLOOD) this.#release();
    }
  }

  /** Resolves at once unless there is a flood. */
  async giveWay(): Promise<void> {
    if (this.#arriving < FLOOD) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(HELD_UP_MS, resolve);
      this.#held.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }
}
