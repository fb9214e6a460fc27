import type { LogPatterns } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { newestSince } from '../search/newest.ts';
import type { SqlCondition } from '../search/to-sql.ts';
import { ANY, type MessageCount, minePatterns } from './mine.ts';

/** The newest lines of a selection that are looked at. */
const MOST_LINES = 200_000;
/** Different messages, digits made equal, that are taken apart. */
const MOST_MESSAGES = 50_000;
const MOST_PATTERNS = 200;
const LONGEST_MESSAGE = 1_000;

/** The forms of messages in a selection. @param whereFrom the selection as SQL over `logs`, from its start or a later time */
export async function readPatterns(
  store: Pick<TelemetryStore, 'query'>,
  clock: Clock,
  whereFrom: (from?: number) => SqlCondition,
  limits: { maxSeconds: number; signal?: AbortSignal },
): Promise<LogPatterns> {
  const started = clock.monotonic();
  const all = whereFrom();
  const where = whereFrom(await newestSince(store, all, MOST_LINES, limits));
  const counted = store.query<{ total: number }>(
    `SELECT count() AS total FROM logs WHERE ${all.sql}`,
    all.params,
    limits,
  );
  const messages = store.query<MessageCount>(
    `SELECT replaceRegexpAll(text, '[0-9]+', '0') AS message, count() AS count, countIf(level IN ('error', 'fatal')) AS errors,
       any(text) AS example
     FROM (
       SELECT substringUTF8(message, 1, ${LONGEST_MESSAGE}) AS text, level FROM logs WHERE ${where.sql}
       ORDER BY toStartOfFiveMinutes(timestamp) DESC, timestamp DESC LIMIT ${MOST_LINES}
     )
     GROUP BY message ORDER BY count DESC LIMIT ${MOST_MESSAGES}`,
    where.params,
    limits,
  );
  const [[sums], rows] = await Promise.all([counted, messages]);
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
