import type { CheckPhase, MonitorHistory, Percentiles } from '@yumops/protocol';
import type { Queryable } from '../../../lib/db.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { historyStart } from './own-history.ts';

/** Which checks. Times in milliseconds since the epoch. */
export interface HistoryQuery {
  monitorId: string;
  from: number;
  to: number;
  /** Only those of one place. */
  location?: string | undefined;
}

const COLUMNS: Record<CheckPhase, string> = {
  total: 'durationMs',
  dns: 'dnsMs',
  connect: 'connectMs',
  tls: 'tlsMs',
  firstByte: 'firstByteMs',
  body: 'bodyMs',
};

/** Points of a chart: as many as a wide one can show. */
const POINTS = 200;
/** Widths of a point, seconds. */
const STEPS = [60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

/** Seconds that a point stands for, so that there are at most 200 of them. */
export function stepFor(spanMs: number): number {
  return STEPS.find((step) => spanMs / (step * 1_000) <= POINTS) ?? 86_400;
}

type Quantiles = [number, number, number] | [];

/** Percentiles of good checks by phase, by place and over time. */
export async function readHistory(
  { db, telemetry }: { db: Queryable; telemetry: TelemetryStore },
  query: HistoryQuery,
): Promise<MonitorHistory> {
  const step = stepFor(query.to - query.from);
  const where = `monitorId = {monitorId:String} AND timestamp >= fromUnixTimestamp64Milli({from:Int64})
     AND timestamp < fromUnixTimestamp64Milli({to:Int64})${query.location === undefined ? '' : ' AND location = {location:String}'}`;
  const own = Math.max(query.from, await historyStart(db, query.monitorId));
  const parameters = { ...query, from: own, location: query.location ?? '', step };
  const phases = Object.entries(COLUMNS) as [CheckPhase, string][];
  const [[spread], places, points] = await Promise.all([
    telemetry.query<Record<CheckPhase, Quantiles>>(
      `SELECT ${phases.map(([phase, column]) => `${quantiles(column)} AS ${phase}`).join(', ')}
       FROM check_results WHERE ${where}`,
      parameters,
    ),
    telemetry.query<{ location: string; checks: number; failed: number; spread: Quantiles }>(
      `SELECT location, count() AS checks, countIf(NOT ok) AS failed, ${quantiles('durationMs')} AS spread
       FROM check_results WHERE ${where} GROUP BY location ORDER BY location`,
      parameters,
    ),
    telemetry.query<{ at: number; checks: number; failed: number; spread: Quantiles }>(
      `SELECT intDiv(toUnixTimestamp(timestamp), {step:UInt32}) * {step:UInt32} AS at, count() AS checks,
              countIf(NOT ok) AS failed, ${quantiles('durationMs')} AS spread
       FROM check_results WHERE ${where} GROUP BY at ORDER BY at`,
      parameters,
    ),
  ]);
  return {
    from: new Date(query.from).toISOString(),
    to: new Date(query.to).toISOString(),
    step,
    phases: phases.map(([phase]) => ({ phase, ...percentiles(spread?.[phase]) })),
    locations: places.map(({ spread: found, ...place }) => ({ ...place, ...percentiles(found) })),
    points: points.map(({ at, spread: found, ...point }) => ({
      at: new Date(at * 1_000).toISOString(),
      ...point,
      ...percentiles(found),
    })),
  };
}

/** An empty list where no good check has reached the phase. */
function quantiles(column: string): string {
  return `if(countIf(ok AND ${column} IS NOT NULL) = 0, [], quantilesExactInclusiveIf(0.5, 0.95, 0.99)(assumeNotNull(${column}), ok AND ${column} IS NOT NULL))`;
}

function percentiles(found: Quantiles | undefined): Percentiles {
  const [p50 = null, p95 = null, p99 = null] = (found ?? []).map((value) => Math.round(value * 100) / 100);
  return { p50, p95, p99 };
}
