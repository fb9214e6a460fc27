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

/**
 * As `stretchesOf`, for a page of the newest rows. Words may be rare or common, so their newest stretch is given, and the
 * whole range with the same end.
 */
export function pageStretchesOf(range: Stretch, condition: Condition, now: number): Stretch[] {
  const newest = { from: range.to - FIRST - Math.max(0, range.to - now), to: range.to };
  const byWords = isIndexed(condition) && !isById(condition) && newest.from > range.from;
  return byWords ? [newest, range] : [...stretchesOf(range, condition, now)];
}

/**
 * The newest rows of stretches, at most `limit`. Two stretches of the same end are asked at the same time: the second is
 * given up when the first has enough, so that neither a rare word waits for a second question nor a common one for all its rows.
 */
export async function newestRows<Row>(
  ask: (stretch: Stretch, limit: number, signal?: AbortSignal) => Promise<Row[]>,
  stretches: readonly Stretch[],
  limit: number,
): Promise<Row[]> {
  const [first, second] = stretches;
  if (first && second && first.to === second.to) return newerOf(ask, first, second, limit);
  const rows: Row[] = [];
  for (const stretch of stretches) {
    rows.push(...(await ask(stretch, limit - rows.length)));
    if (rows.length >= limit) break;
  }
  return rows;
}

async function newerOf<Row>(
  ask: (stretch: Stretch, limit: number, signal?: AbortSignal) => Promise<Row[]>,
  newest: Stretch,
  whole: Stretch,
  limit: number,
): Promise<Row[]> {
  const tooMuch = new AbortController();
  const all = ask(whole, limit, tooMuch.signal);
  // Whoever gives it up does not wait for how it ends.
  all.catch(() => undefined);
  try {
    const near = await ask(newest, limit);
    return near.length >= limit ? near : await all;
  } finally {
    tooMuch.abort();
  }
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
