import type { Clock, Timer } from './clock.ts';

/** Runs work again and again: when it asked to, or at once when woken. Runs never overlap. */
export class Loop {
  readonly #clock: Clock;
  readonly #work: () => Promise<number>;
  readonly #failed: (error: unknown, failures: number) => number;
  #failures = 0;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #woken = false;
  #stopped = true;

  /**
   * @param work gives the milliseconds until it wants to run again
   * @param failed is told of what `work` threw and how often in a row it did, and gives the same
   */
  constructor(clock: Clock, work: () => Promise<number>, failed: (error: unknown, failures: number) => number) {
    this.#clock = clock;
    this.#work = work;
    this.#failed = failed;
  }

  start(): void {
    this.#stopped = false;
    this.wake();
  }

  /** Runs soon: now, or right after the run that is going on. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#woken = true;
      return;
    }
    this.#timer?.cancel();
    this.#running = this.#run();
  }

  /** No further run begins; resolves when the last one has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#woken = false;
    const wait = await this.#attempt();
    this.#running = null;
    if (this.#stopped) return;
    if (this.#woken) this.wake();
    else this.#timer = this.#clock.after(Math.max(0, wait), () => this.wake());
  }

  async #attempt(): Promise<number> {
    try {
      const wait = await this.#work();
      this.#failures = 0;
      return wait;
    } catch (error) {
      this.#failures++;
      return this.#failed(error, this.#failures);
    }
  }
}
