import type { ServerLoad, ServerPoint } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { growthPerDay } from '../monitor/disk-forecast.ts';
import { daysUntilFull, readRoom, readSizes } from './growth.ts';
import type { Span } from './history.ts';
import { startsOf, stepsOf } from './span-steps.ts';

const DAY = 86_400_000;
const GROWTH_DAYS = 14;

const NOTHING = {
  ...{ walRate: null, readRate: null, writeRate: null, checkpointsTimed: null, checkpointsRequested: null },
  ...{ cacheHit: null, commits: null, rollbacks: null, tempBytes: null, deadlocks: null, bytes: null },
} satisfies Omit<ServerPoint, 'at'>;

const is = (name: string, label = '', value = '') =>
  label === '' ? `name = '${name}'` : `name = '${name}' AND attributes['${label}'] = '${value}'`;
const rate = (condition: string) => `avgOrNullIf(value, ${condition})`;
const sum = (condition: string) => `sumOrNullIf(value, ${condition})`;

const POINTS_SQL = `
  SELECT intDiv(toUnixTimestamp64Milli(timestamp), {step:Int64}) * {step:Int64} AS at,
         ${rate(is('db_wal_rate'))} AS walRate,
         ${rate(is('db_io_rate', 'operation', 'read'))} AS readRate,
         ${rate(is('db_io_rate', 'operation', 'write'))} AS writeRate,
         ${sum(is('db_checkpoints', 'kind', 'timed'))} AS checkpointsTimed,
         ${sum(is('db_checkpoints', 'kind', 'requested'))} AS checkpointsRequested,
         ${sum(is('db_pages', 'kind', 'hit'))} / nullIf(${sum(is('db_pages'))}, 0) AS cacheHit,
         ${sum(is('db_transactions', 'kind', 'commit'))} AS commits,
         ${sum(is('db_transactions', 'kind', 'rollback'))} AS rollbacks,
         ${sum(is('db_temp_bytes'))} AS tempBytes, ${sum(is('db_deadlocks'))} AS deadlocks,
         maxOrNullIf(value, ${is('db_size_bytes')}) AS bytes
  FROM metrics
  WHERE name IN ('db_wal_rate', 'db_io_rate', 'db_checkpoints', 'db_pages', 'db_transactions', 'db_temp_bytes',
                 'db_deadlocks', 'db_size_bytes')
    AND attributes['database'] = {database:String}
    AND timestamp >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
  GROUP BY at ORDER BY at`;

/** Milliseconds for which a size that was looked at holds: it is looked at every ten minutes. */
const HOLDS = 900_000;

/** A size holds until the next look; after that it is not known. */
function withLevel(points: readonly ServerPoint[]): ServerPoint[] {
  let last: ServerPoint | undefined;
  return points.map((point) => {
    if (point.bytes !== null) last = point;
    const bytes = last && point.at - last.at <= HOLDS ? last.bytes : null;
    return { ...point, bytes };
  });
}

/** What the server of a database did in a span, step by step, and when its disk is full. */
export async function readServerLoad(telemetry: TelemetryStore, database: string, span: Span): Promise<ServerLoad> {
  const steps = stepsOf(span);
  const [rows, room, sizes] = await Promise.all([
    telemetry.query<ServerPoint>(POINTS_SQL, { database, ...steps }),
    readRoom(telemetry, database, span.to),
    readSizes(telemetry, database, span.to - GROWTH_DAYS * DAY),
  ]);
  const known = new Map(rows.map((row) => [row.at, row]));
  const growth = growthPerDay(sizes);
  return {
    points: withLevel(startsOf(steps).map((at) => known.get(at) ?? { at, ...NOTHING })),
    disk: { ...room, growthPerDay: growth, fullInDays: daysUntilFull(room.free, growth) },
  };
}
