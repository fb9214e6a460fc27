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
      return isId(condition);
    case 'not':
      return false;
  }
}

/** Whether ids alone leave a few rows of any range. */
export function isById(condition: Condition): boolean {
  if (condition.kind === 'all') return condition.items.some(isById);
  if (condition.kind === 'any') return condition.items.length > 0 && condition.items.every(isById);
  return condition.kind === 'field' && isId(condition) && condition.test.op === 'in';
}

function isId({ field }: { field: string }): boolean {
  return ['traceId', 'requestId', 'id'].includes(field);
}

/** What is searched for, for readers that look at a part of its range after another. */
export interface Search {
  range: Stretch;
  /** The range from its newest stretch back. */
  stretches(): Iterable<Stretch>;
  /** The search within a stretch as SQL over `logs`. */
  where(stretch: Stretch): SqlCondition;
  limits: { maxSeconds: number; signal?: AbortSignal };
}

/** Steps of a stretch whose rows are counted apart. */
const STEPS = 2_000;

/**
 * The newest part of a search's range that has at least `rows` rows, and few more than that; the whole range when it has
 * not so many. Rows are counted, not sorted.
 */
export async function newestPart(store: Pick<TelemetryStore, 'query'>, search: Search, rows: number): Promise<Stretch> {
  let missing = rows;
  for (const stretch of search.stretches()) {
    const width = Math.max(1, Math.ceil((stretch.to - stretch.from) / STEPS));
    const where = search.where(stretch);
    const counts = await store.query<{ step: number; count: number }>(
      `SELECT toUInt16(intDiv(toUnixTimestamp64Milli(timestamp) - {start:Int64}, {width:Int64})) AS step, count() AS count
       FROM logs WHERE ${where.sql} GROUP BY step ORDER BY step DESC`,
      { ...where.params, start: stretch.from, width },
      search.limits,
    );
    for (const { step, count } of counts) {
      missing -= count;
      if (missing <= 0) return { from: stretch.from + step * width, to: search.range.to };
    }
  }
  return search.range;
}
