/** What pg_stat_statements has counted for one statement of one role. Counters only grow until they are reset. */
export interface StatementCounter {
  /** `dbid/userid/toplevel/queryid`. */
  key: string;
  /** 64 bits, as text. */
  id: string;
  query: string;
  calls: number;
  rows: number;
  /** Milliseconds. */
  total: number;
  /** Squared milliseconds of every call, summed; null where that is not counted. */
  squares: number | null;
  /** When the counting of this statement began, where the server says so (17 and later); else null. */
  since: string | null;
}

/** What one statement did between two looks. */
export interface StatementDelta {
  id: string;
  query: string;
  calls: number;
  rows: number;
  /** Milliseconds. */
  total: number;
  /** Squared milliseconds of every call, summed; null where that is not known. */
  squares: number | null;
}

/** Whether counting began anew: the server says so, or a counter is smaller than it was. */
function wasReset(before: StatementCounter, now: StatementCounter): boolean {
  return before.since !== now.since || now.calls < before.calls || now.total < before.total;
}

function deltaOf(
  before: StatementCounter | undefined,
  { id, query, calls, rows, total, squares }: StatementCounter,
): StatementDelta {
  const from = before ?? { calls: 0, rows: 0, total: 0, squares: 0 };
  return {
    ...{ id, query, calls: calls - from.calls, rows: Math.max(0, rows - from.rows), total: total - from.total },
    squares: squares === null || from.squares === null ? null : Math.max(0, squares - from.squares),
  };
}

/**
 * What ran between two looks at the counters. A statement that is new, or whose counters were reset or pushed out
 * meanwhile, counts from nothing; one that is gone says nothing. Roles that ran the same statement are summed.
 */
export function statementDeltas(
  before: readonly StatementCounter[],
  now: readonly StatementCounter[],
): StatementDelta[] {
  const earlier = new Map(before.map((counter) => [counter.key, counter]));
  const sums = new Map<string, StatementDelta>();
  for (const counter of now) {
    const previous = earlier.get(counter.key);
    const delta = deltaOf(previous && !wasReset(previous, counter) ? previous : undefined, counter);
    if (delta.calls <= 0) continue;
    const sum = sums.get(delta.id);
    if (!sum) sums.set(delta.id, delta);
    else {
      sum.calls += delta.calls;
      sum.rows += delta.rows;
      sum.total += delta.total;
      sum.squares = sum.squares === null || delta.squares === null ? null : sum.squares + delta.squares;
    }
  }
  return [...sums.values()];
}
