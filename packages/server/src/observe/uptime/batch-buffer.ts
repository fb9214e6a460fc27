import { backoff } from '../../lib/backoff.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { random } from '../../lib/random.ts';

export interface BatchBufferOptions<Item> {
  clock: Clock;
  /** Stores a batch, whole or not at all. */
  write(items: readonly Item[]): Promise<void>;
  /** Told of each failed write; the batch is kept and tried again. */
  onError(error: unknown, waiting: number): void;
  /** Longest wait of an item before it is written, milliseconds. */
  everyMs: number;
  /** Items kept while nothing can be written; beyond it the oldest are dropped and counted. */
  capacity: number;
}

/** Collects items and writes them together, in order, one batch at a time; a failed batch is tried again. */
export class BatchBuffer<Item> {
  readonly #options: BatchBufferOptions<Item>;
  #items: Item[] = [];
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #failures = 0;
  #dropped = 0;

  constructor(options: BatchBufferOptions<Item>) {
    this.#options = options;
  }

  /** Items given up because nothing could be written for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#trim();
    this.#arm();
  }

  /** Writes what waits. Resolves when it is stored; rejects when that fails, and keeps it. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing.catch(() => undefined);
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      this.#arm();
    });
    await this.#writing;
  }

  async #write(): Promise<void> {
    const batch = this.#items;
    this.#items = [];
    try {
      await this.#options.write(batch);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#items = [...batch, ...this.#items];
      this.#trim();
      throw error;
    }
  }

  #arm(): void {
    if (this.#timer || this.#writing || this.#items.length === 0) return;
    const { clock, everyMs, onError } = this.#options;
    const delay = this.#failures === 0 ? everyMs : backoff(this.#failures - 1, { base: 500, cap: 10_000 }, random());
    this.#timer = clock.after(delay, () => {
      this.#timer = undefined;
      this.flush().catch((error: unknown) => onError(error, this.#items.length));
    });
  }

  #trim(): void {
    const excess = this.#items.length - this.#options.capacity;
    if (excess <= 0) return;
    this.#items.splice(0, excess);
    this.#dropped += excess;
  }
}
