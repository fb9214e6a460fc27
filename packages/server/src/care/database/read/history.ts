import type { StatementLoad, StatementPoint } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { PastLoad } from '../monitor/regressions.ts';
import type { StatementRow } from '../probe.ts';
import { MOST } from '../probes/statements.ts';

export interface Span {
  /** ms since the epoch. */
  from: number;
  to: number;
}

const HALF_HOUR = 1_800_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;
const POINTS = 60;
const LEAST_STEP = 60_000;
const time = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
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
  return telemetry.query<StatementLoad>(
    `WITH now AS (
       SELECT queryId, any(query) AS query, sum(calls) AS calls, sum(rows) AS rows, sum(totalMs) AS total
       FROM database_samples WHERE database = {database:String} AND timestamp >= ${time('from')} AND timestamp < ${time('to')}
       GROUP BY queryId
     ), before AS (
       SELECT queryId, sum(totalMs) / sum(calls) AS usual FROM database_samples
       WHERE database = {database:String} AND timestamp >= ${time('past')} AND ${SAME_TIME}
       GROUP BY queryId
     )
     SELECT n.queryId AS id, n.query AS query, n.calls AS calls, n.rows AS rows, n.total AS totalMs, n.total / n.calls AS meanMs,
            n.total / (SELECT sum(total) FROM now) AS share, if(b.queryId = '', NULL, b.usual) AS usualMs
     FROM now n LEFT JOIN before b ON b.queryId = n.queryId
     ORDER BY n.total DESC LIMIT {limit:UInt32}`,
    { database, from, to, past: from - WEEK, limit },
  );
}

/** The statements that took the most time in the 24 hours that end at `at` (ms since the epoch). */
export async function readRecent(telemetry: TelemetryStore, database: string, at: number): Promise<StatementRow[]> {
  const loads = await readLoads(telemetry, database, { from: at - DAY, to: at }, MOST);
  return loads.map(({ totalMs: total, meanMs: mean, ...rest }) => ({ ...rest, total, mean }));
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
  { from, to }: Span,
): Promise<StatementPoint[]> {
  const step = Math.max(LEAST_STEP, Math.ceil((to - from) / POINTS / LEAST_STEP) * LEAST_STEP);
  const first = Math.floor(from / step) * step;
  const rows = await telemetry.query<Omit<StatementPoint, 'meanMs'>>(
    `SELECT intDiv(toUnixTimestamp64Milli(timestamp), {step:Int64}) * {step:Int64} AS at, sum(calls) AS calls,
            sum(rows) AS rows, sum(totalMs) AS totalMs
     FROM database_samples
     WHERE database = {database:String} AND queryId = {id:String} AND timestamp >= ${time('first')} AND timestamp < ${time('to')}
     GROUP BY at ORDER BY at`,
    { database, id, first, to, step },
  );
  const known = new Map(rows.map((row) => [row.at, row]));
  const points: StatementPoint[] = [];
  for (let at = first; at < to; at += step) {
    const { calls, totalMs, rows: many } = known.get(at) ?? { calls: 0, rows: 0, totalMs: 0 };
    points.push({ at, calls, rows: many, totalMs, meanMs: calls > 0 ? totalMs / calls : null });
  }
  return points;
}
