/** Lets so many works be under way at once; who comes later waits, in order. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/**
 * Runs works beside each other, at most `most` at once, in order. When one fails the others are ended by `abort` and none begins;
 * its error is the one that counts, and it is thrown when all have ended.
 */
export async function runBeside(
  works: readonly (() => Promise<unknown>)[],
  abort: AbortController,
  most = works.length,
): Promise<void> {
  const failures: unknown[] = [];
  const queue = works.values();
  const run = async () => {
    for (const work of queue) {
      if (failures.length > 0) return;
      try {
        await work();
      } catch (error) {
        failures.push(error);
        abort.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: most }, run));
  if (failures.length > 0) throw failures[0];
}
