import { formatDuration } from '../../../lib/duration.ts';
import type { Remark } from '../finding.ts';
import { normaliseQuery } from '../normalise.ts';
import { formatCount } from '../units.ts';
import type { StatementDelta } from './statement-deltas.ts';

/** What statements did in the interval that ended at `at` (milliseconds since the epoch). */
export interface Interval {
  at: number;
  deltas: readonly StatementDelta[];
}

/** The time that is judged, and the least that must lie before it. Milliseconds. */
const RECENT = 120_000;
const LEAST_HISTORY = 150_000;
/** How far back statements are remembered. */
export const HISTORY = 24 * 3_600_000;

/** How much slower a statement must be, and how slow in milliseconds: the quicker it is, the more the factor must be. */
const SLOWER = [
  { factor: 3, slow: 5 },
  { factor: 8, slow: 1 },
] as const;
/** How often it must have run on either side. */
const CALLS = 3;

interface Load {
  calls: number;
  total: number;
  query: string;
}

function loads(intervals: readonly Interval[]): Map<string, Load> {
  const sums = new Map<string, Load>();
  for (const { deltas } of intervals) {
    for (const { id, query, calls, total } of deltas) {
      const sum = sums.get(id) ?? { calls: 0, total: 0, query };
      sums.set(id, { calls: sum.calls + calls, total: sum.total + total, query });
    }
  }
  return sums;
}

/**
 * Statements that take several times as long as they did.
 * @param schema where pg_stat_statements is, quoted
 */
export function regressions(history: readonly Interval[], now: number, schema: string): Remark[] {
  const first = history[0];
  if (!first || now - first.at < LEAST_HISTORY) return [];
  const past = loads(history.filter(({ at }) => at <= now - RECENT));
  const recent = loads(history.filter(({ at }) => at > now - RECENT));
  return [...recent].flatMap(([id, load]) => {
    const before = past.get(id);
    if (!before || before.calls < CALLS || load.calls < CALLS) return [];
    const [was, is] = [before.total / before.calls, load.total / load.calls];
    const worse = SLOWER.some(({ factor, slow }) => is >= slow && is >= was * factor);
    return worse ? [judge(id, load, was, is, schema)] : [];
  });
}

function judge(id: string, { calls, query }: Load, was: number, is: number, schema: string): Remark {
  const mean = was < 10 ? `${was.toFixed(1)} ms` : formatDuration(was);
  return {
    code: 'regressed_query',
    severity: 'warning',
    object: `query ${id}`,
    message: `${Math.round(is / was)} times slower than before: ${formatDuration(is)} on average in the last ${formatCount(calls)} calls, ${mean} before. ${normaliseQuery(query)}`,
    fix: `SELECT calls, mean_exec_time, max_exec_time, rows, shared_blks_read, temp_blks_written, query FROM ${schema}.pg_stat_statements WHERE queryid = ${id};`,
  };
}
