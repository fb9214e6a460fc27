import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { COUNTER_METRICS, type DatabaseCounts, type RecentActivity } from '../monitor/database-activity.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const COUNTERS = Object.entries(COUNTER_METRICS) as [keyof DatabaseCounts, (typeof COUNTER_METRICS)['hits']][];

function sums(prefix: string, condition: string): string[] {
  return COUNTERS.map(([counter, { name, labels }]) => {
    const own = Object.entries(labels).map(([label, value]) => ` AND attributes['${label}'] = '${value}'`);
    return `sumIf(value, name = '${name}'${own.join('')}${condition}) AS ${prefix}_${counter}`;
  });
}

const CHECKPOINTS = ['timed', 'requested'].map(
  (kind) => `sumIf(value, name = 'db_checkpoints' AND attributes['kind'] = '${kind}') AS day_${kind}`,
);
const IN_HOUR = " AND timestamp >= fromUnixTimestamp64Milli({hour:Int64}, 'UTC')";

const SQL = `
  SELECT ${[...sums('hour', IN_HOUR), ...sums('day', ''), ...CHECKPOINTS].join(',\n         ')},
         min(toUnixTimestamp64Milli(timestamp)) AS first, count() AS found
  FROM metrics
  WHERE name IN ('db_checkpoints', ${[...new Set(COUNTERS.map(([, { name }]) => `'${name}'`))].join(', ')})
    AND attributes['database'] = {database:String}
    AND timestamp >= fromUnixTimestamp64Milli({day:Int64}, 'UTC') AND timestamp <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')`;

/**
 * What happened in a database in the hour and the day before `at` (ms since the epoch), as it was sampled; undefined
 * while less than an hour is stored.
 */
export async function readRecentActivity(
  telemetry: TelemetryStore,
  database: string,
  at: number,
): Promise<RecentActivity | undefined> {
  const [row] = await telemetry.query<Record<string, number>>(SQL, { database, at, hour: at - HOUR, day: at - DAY });
  if (!row?.found || (row.first ?? at) > at - HOUR) return undefined;
  const of = (prefix: string) =>
    Object.fromEntries(
      COUNTERS.map(([counter]) => [counter, row[`${prefix}_${counter}`] ?? 0]),
    ) as unknown as DatabaseCounts;
  return {
    lastHour: of('hour'),
    lastDay: { ...of('day'), timed: row.day_timed ?? 0, requested: row.day_requested ?? 0 },
  };
}
