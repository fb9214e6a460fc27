import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { Condition } from './query-language.ts';
import type { SqlCondition } from './to-sql.ts';

/** A stretch of time, both ends in milliseconds since the epoch, the second excluded. */
export interface Stretch {
  from: number;
  to: number;
}

const FIRST = 15 * 60_000;
/** Each stretch is so many times as long as all before it together. */
const GROWTH = 8;

/**
 * A range in stretches from the newest to the oldest, each longer than the last: the store looks into every part of a range
 * even for its newest rows, and those are mostly all that is asked for. What an index finds is looked for at once.
 */
export function* stretchesOf({ from, to }: Stretch, condition: Condition, now: number): Generator<Stretch> {
  let end = to;
  if (!isIndexed(condition)) {
    let width = FIRST + Math.max(0, to - now);
    while (end - width > from) {
      yield { from: end - width, to: end };
      end -= width;
      width *= GROWTH;
    }
  }
  yield { from, to: end };
}

/** Whether words or ids narrow the search down. */
function isIndexed(condition: Condition): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.items.some(isIndexed);
    case 'any':
      return condition.items.length > 0 && condition.items.every(isIndexed);
    case 'text':
      return true;
    case 'field':
      return ['traceId', 'requestId', 'id'].includes(condition.field);
    case 'not':
      return false;
  }
}

/**
 * When the oldest of the newest `rows` rows was; undefined when there are not so many. It reads the times alone, so that
 * what follows need not read the whole range.
 */
export async function newestSince(
  store: Pick<TelemetryStore, 'query'>,
  where: SqlCondition,
  rows: number,
  limits: { maxSeconds: number; signal?: AbortSignal },
): Promise<number | undefined> {
  const [row] = await store.query<{ at: number }>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS at FROM logs WHERE ${where.sql}
     ORDER BY toStartOfFiveMinutes(timestamp) DESC, timestamp DESC LIMIT 1 OFFSET ${rows - 1}`,
    where.params,
    limits,
  );
  return row?.at;
}
