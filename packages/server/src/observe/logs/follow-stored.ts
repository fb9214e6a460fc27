import type { LogRow } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import type { LogSearch } from './search/search.ts';

const EVERY_MS = 1_000;
/** Rows reach the store late, and not in their order: so much of the past is looked at again. */
const OVERLAP_MS = 15_000;
const AHEAD_MS = 600_000;
const AT_ONCE = 1_000;

export interface LogFollower {
  row(row: LogRow): void;
  /** So many rows were not shown, because more came than can be. */
  dropped(count: number): void;
}

/**
 * Shows log records as they reach the store, whichever instance took them in, oldest first and each once.
 * @returns ends it
 */
export function followStored(
  deps: { search: Pick<LogSearch, 'page' | 'histogram'>; clock: Clock; log: Log },
  query: string,
  follower: LogFollower,
): () => void {
  const { search, clock, log } = deps;
  const ended = new AbortController();
  const since = clock.now();
  /** When each record was seen that may come again. */
  const seen = new Map<string, number>();
  const loop = new Loop(
    clock,
    async () => {
      const now = clock.now();
      for (const [id, at] of seen) if (at < now - 2 * OVERLAP_MS) seen.delete(id);
      const from = Math.max(since, now - OVERLAP_MS);
      const selection = { query, from, to: now + AHEAD_MS, signal: ended.signal };
      const { items, nextCursor } = await search.page(selection, AT_ONCE);
      const fresh = items.filter(({ id }) => !seen.has(id)).reverse();
      for (const row of fresh) {
        seen.set(row.id, now);
        follower.row(row);
      }
      // Where every record of a page is new there may be others before it that were never shown.
      if (nextCursor !== null && fresh.length === items.length) {
        const { total } = await search.histogram(selection, 1);
        if (total > items.length) follower.dropped(total - items.length);
      }
      return EVERY_MS;
    },
    (error) => {
      if (!ended.signal.aborted) log.warn('the stored log could not be followed', { reason: messageOf(error) });
      return EVERY_MS;
    },
  );
  loop.start();
  return () => {
    ended.abort();
    void loop.stop();
  };
}
