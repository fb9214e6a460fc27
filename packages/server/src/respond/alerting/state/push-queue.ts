import type { Push } from '../push/pushed.ts';

interface Waiting {
  pushes: readonly Push[];
  now: number;
  done(): void;
  failed(error: unknown): void;
}

/** Joins pushes that arrive while others are being written, so that many share one commit. */
export class PushQueue {
  readonly #write: (pushes: readonly Push[], now: number) => Promise<void>;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(write: (pushes: readonly Push[], now: number) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when these pushes are committed. `now`: ms since the epoch. */
  add(pushes: readonly Push[], now: number): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ pushes, now, done, failed });
      if (!this.#busy) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0);
      try {
        await this.#write(
          taken.flatMap(({ pushes }) => pushes),
          Math.max(...taken.map(({ now }) => now)),
        );
        for (const { done } of taken) done();
      } catch (error) {
        for (const { failed } of taken) failed(error);
      }
    }
    this.#busy = false;
  }
}
