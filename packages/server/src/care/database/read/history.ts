import type { StatementLoad, StatementPoint } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { PastLoad } from '../monitor/regressions.ts';
import type { StatementRow } from '../probe.ts';
import { MOST } from '../probes/statements.ts';
import { type Calls, estimatePercentile } from '../spread.ts';
import { startsOf, stepsOf } from './span-steps.ts';

export interface Span {
  /** ms since the epoch. */
  from: number;
  to: number;
}

const HALF_HOUR = 1_800_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;
const time = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
/** Null as soon as one sample did not count it. */
const SQUARES = 'if(countIf(isNull(squaredMs)) > 0, NULL, sum(squaredMs))';
/** Rows of the same time of day as the span `from` to `to`, on the days between `past` and it. */
const SAME_TIME = `timestamp < ${time('from')}
         AND (toUnixTimestamp64Milli(timestamp) - {past:Int64}) % 86400000 < {to:Int64} - {from:Int64}`;

/** The statements that took the most time in a span, by what was sampled. */
export async function readLoads(
  telemetry: TelemetryStore,
  database: string,
  { from, to }: Span,
  limit: number,
): Promise<StatementLoad[]> {
  const rows = await telemetry.query<Omit<StatementLoad, 'p95Ms' | 'p99Ms'> & { squares: number | null }>(
    `WITH now AS (
       SELECT queryId, any(query) AS query, sum(calls) AS calls, sum(rows) AS rows, sum(totalMs) AS total,
              ${SQUARES} AS squares
       FROM database_samples WHERE database = {database:String} AND timestamp >= ${time('from')} AND timestamp < ${time('to')}
       GROUP BY queryId
     ), before AS (
       SELECT queryId, sum(totalMs) / sum(calls) AS usual FROM database_samples
       WHERE database = {database:String} AND timestamp >= ${time('past')} AND ${SAME_TIME}
       GROUP BY queryId
     )
     SELECT n.queryId AS id, n.query AS query, n.calls AS calls, n.rows AS rows, n.total AS totalMs, n.total / n.calls AS meanMs, n.squares AS squares,
            n.total / (SELECT sum(total) FROM now) AS share, if(b.queryId = '', NULL, b.usual) AS usualMs
     FROM now n LEFT JOIN before b ON b.queryId = n.queryId
     ORDER BY n.total DESC LIMIT {limit:UInt32}`,
    { database, from, to, past: from - WEEK, limit },
  );
  return rows.map(({ squares, ...row }) => ({ ...row, ...percentilesOf({ ...row, total: row.totalMs, squares }) }));
}

function percentilesOf(calls: Calls) {
  return { p95Ms: estimatePercentile(calls, 'p95'), p99Ms: estimatePercentile(calls, 'p99') };
}

/** The statements that took the most time in the 24 hours that end at `at` (ms since the epoch). */
export async function readRecent(telemetry: TelemetryStore, database: string, at: number): Promise<StatementRow[]> {
  const loads = await readLoads(telemetry, database, { from: at - DAY, to: at }, MOST);
  return loads.map(({ totalMs: total, meanMs: mean, p95Ms: p95, ...rest }) => ({ ...rest, total, mean, p95 }));
}

/**
 * What statements did in the past: in the hour around the time of day of `at` (ms since the epoch) on each of the 7 days
 * before, and at any time of the 24 hours that ended `recent` ms before `at`.
 */
export async function readPastLoads(
  telemetry: TelemetryStore,
  database: string,
  ids: readonly string[],
  { at, recent }: { at: number; recent: number },
): Promise<PastLoad[]> {
  const from = at - HALF_HOUR;
  return telemetry.query<PastLoad>(
    `SELECT queryId AS id, sumIf(calls, ${SAME_TIME}) AS sameHourCalls, sumIf(totalMs, ${SAME_TIME}) AS sameHourMs,
            sumIf(calls, timestamp >= ${time('day')}) AS lastDayCalls, sumIf(totalMs, timestamp >= ${time('day')}) AS lastDayMs
     FROM database_samples
     WHERE database = {database:String} AND queryId IN {ids:Array(String)}
       AND timestamp >= ${time('past')} AND timestamp <= ${time('until')}
     GROUP BY queryId`,
    { database, ids, from, to: at + HALF_HOUR, past: from - WEEK, day: at - recent - DAY, until: at - recent },
  );
}

/** What one statement did, step by step. */
export async function readHistory(
  telemetry: TelemetryStore,
  database: string,
  id: string,
  span: Span,
): Promise<StatementPoint[]> {
  const steps = stepsOf(span);
  const rows = await telemetry.query<Omit<StatementPoint, 'meanMs' | 'p95Ms'> & { squares: number | null }>(
    `SELECT intDiv(toUnixTimestamp64Milli(timestamp), {step:Int64}) * {step:Int64} AS at, sum(calls) AS calls,
            sum(rows) AS rows, sum(totalMs) AS totalMs, ${SQUARES} AS squares
     FROM database_samples
     WHERE database = {database:String} AND queryId = {id:String} AND timestamp >= ${time('first')} AND timestamp < ${time('to')}
     GROUP BY at ORDER BY at`,
    { database, id, ...steps },
  );
  const known = new Map(rows.map((row) => [row.at, row]));
  return startsOf(steps).map((at) => {
    const { calls, totalMs, rows: many, squares } = known.get(at) ?? { calls: 0, rows: 0, totalMs: 0, squares: null };
    const p95Ms = estimatePercentile({ calls, total: totalMs, squares }, 'p95');
    return { at, calls, rows: many, totalMs, meanMs: calls > 0 ? totalMs / calls : null, p95Ms };
  });
}
