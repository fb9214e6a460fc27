import type { LogPatterns } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { newestPart, type Search } from '../search/newest.ts';
import { ANY, type MessageCount, minePatterns } from './mine.ts';

/** The newest lines of a search that are looked at, or a few more. */
const MOST_LINES = 200_000;
/** Different messages, digits made equal, that are taken apart. */
const MOST_MESSAGES = 50_000;
const MOST_PATTERNS = 200;
const LONGEST_MESSAGE = 1_000;

/** The forms of messages of a search. */
export async function readPatterns(
  store: Pick<TelemetryStore, 'query'>,
  clock: Clock,
  search: Search,
): Promise<LogPatterns> {
  const started = clock.monotonic();
  const all = search.where(search.range);
  const counted = store.query<{ total: number }>(
    `SELECT count() AS total FROM logs WHERE ${all.sql}`,
    all.params,
    search.limits,
  );
  const newest = newestPart(store, search, MOST_LINES).then((part) => {
    const where = search.where(part);
    return store.query<MessageCount>(
      `SELECT replaceRegexpAll(text, '[0-9]+', '0') AS message, count() AS count,
         countIf(level IN ('error', 'fatal')) AS errors, any(text) AS example
       FROM (SELECT substringUTF8(message, 1, ${LONGEST_MESSAGE}) AS text, level FROM logs WHERE ${where.sql})
       GROUP BY message ORDER BY count DESC LIMIT ${MOST_MESSAGES}`,
      where.params,
      search.limits,
    );
  });
  const [[sums], rows] = await Promise.all([counted, newest]);
  const patterns = minePatterns(rows);
  return {
    items: patterns.slice(0, MOST_PATTERNS).map((pattern) => ({ ...pattern, q: queryOf(pattern.template) })),
    lines: rows.reduce((sum, { count }) => sum + count, 0),
    total: sums?.total ?? 0,
    elapsedMs: Math.round(clock.monotonic() - started),
  };
}

/** The longest stretch of words that stays the same, as a phrase. */
function queryOf(template: string): string {
  const stretches = template
    .split(ANY)
    .map((stretch) => stretch.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, ''))
    .filter((stretch) => stretch !== '');
  const longest = stretches.toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? '' : `"${longest.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
