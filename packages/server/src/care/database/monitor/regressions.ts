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

/** What a statement did in the past, by the stored samples. Calls and milliseconds. */
export interface PastLoad {
  id: string;
  /** In the same hour of the last 7 days. */
  sameHourCalls: number;
  sameHourMs: number;
  /** In the 24 hours before the time that is judged. */
  lastDayCalls: number;
  lastDayMs: number;
}

/** The time that is judged. Milliseconds. */
export const RECENT = 120_000;

/** How much slower a statement must be, and how slow in milliseconds: the quicker it is, the more the factor must be. */
const SLOWER = [
  { factor: 3, slow: 5 },
  { factor: 8, slow: 1 },
] as const;
const LEAST_SLOW = Math.min(...SLOWER.map(({ slow }) => slow));
/** How often it must have run on either side. */
const CALLS = 3;

/** What a statement did lately. */
export interface RecentLoad {
  id: string;
  query: string;
  calls: number;
  /** Milliseconds of one call, on average. */
  mean: number;
}

/** The statements that ran often and long enough of late to have become too slow. */
export function suspects(history: readonly Interval[], now: number): RecentLoad[] {
  const sums = new Map<string, { calls: number; total: number; query: string }>();
  for (const { deltas } of history.filter(({ at }) => at > now - RECENT)) {
    for (const { id, query, calls, total } of deltas) {
      const sum = sums.get(id) ?? { calls: 0, total: 0, query };
      sums.set(id, { calls: sum.calls + calls, total: sum.total + total, query });
    }
  }
  return [...sums]
    .map(([id, { calls, total, query }]) => ({ id, query, calls, mean: total / calls }))
    .filter(({ calls, mean }) => calls >= CALLS && mean >= LEAST_SLOW);
}

/** What a statement is measured by: the same hour of other days, since a night job has its own normal, else the last day. */
function usual(past: PastLoad): { mean: number; when: string } | undefined {
  const { sameHourCalls, sameHourMs, lastDayCalls, lastDayMs } = past;
  if (sameHourCalls >= CALLS) {
    return { mean: sameHourMs / sameHourCalls, when: 'at this hour in the last 7 days' };
  }
  return lastDayCalls >= CALLS ? { mean: lastDayMs / lastDayCalls, when: 'before' } : undefined;
}

/**
 * Statements that take several times as long as they did, what costs the most time more first.
 * @param schema where pg_stat_statements is, quoted
 */
export function regressions(recent: readonly RecentLoad[], past: readonly PastLoad[], schema: string): Remark[] {
  const known = new Map(past.map((load) => [load.id, load]));
  const found = recent.flatMap((load) => {
    const before = known.get(load.id);
    const was = before && usual(before);
    const worse = was && SLOWER.some(({ factor, slow }) => load.mean >= slow && load.mean >= was.mean * factor);
    return worse ? [{ remark: judge(load, was, schema), cost: load.calls * (load.mean - was.mean) }] : [];
  });
  return found.sort((a, b) => b.cost - a.cost).map(({ remark }) => remark);
}

function judge(
  { id, query, calls, mean: is }: RecentLoad,
  was: { mean: number; when: string },
  schema: string,
): Remark {
  const mean = was.mean < 10 ? `${was.mean.toFixed(1)} ms` : formatDuration(was.mean);
  const cost = formatDuration(calls * (is - was.mean));
  return {
    code: 'regressed_query',
    severity: 'warning',
    object: `query ${id}`,
    message: `${Math.round(is / was.mean)} times slower than before: ${formatDuration(is)} on average in the last ${formatCount(calls)} calls, ${mean} ${was.when}; that is ${cost} more in two minutes. ${normaliseQuery(query)}`,
    fix: `SELECT calls, mean_exec_time, max_exec_time, rows, shared_blks_read, temp_blks_written, query FROM ${schema}.pg_stat_statements WHERE queryid = ${id};`,
  };
}
