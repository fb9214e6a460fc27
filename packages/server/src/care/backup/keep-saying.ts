import type { Clock } from '../../lib/clock.ts';

/**
 * Says again and again that a process is alive, until the function that it gives back was called, which waits for what is
 * under way.
 * @param every milliseconds between two times
 * @param say writes it; what it throws is what it may know of itself: a store that is away fails the work, not this
 */
export function keepSaying(clock: Clock, every: number, say: () => Promise<unknown>): () => Promise<void> {
  const ended = new AbortController();
  const loop = async () => {
    for (;;) {
      await clock.sleep(every, ended.signal);
      await say().catch(() => undefined);
    }
  };
  const done = loop().catch(() => undefined);
  return async () => {
    ended.abort();
    await done;
  };
}
