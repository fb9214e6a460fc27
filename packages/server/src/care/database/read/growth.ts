import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { growthPerDay, type SizePoint } from '../monitor/disk-forecast.ts';
import type { RelationSize } from '../monitor/relation-sizes.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HISTORY = 14 * DAY;
/** Points of a relation lie this far apart, so that the slopes between all of them are few. */
const STEP = 3 * HOUR;

/** How a table or an index grows. */
export interface Growth {
  /** Bytes; null while less than a day is known. */
  growthPerDay: number | null;
  /** Days until it alone has filled the disk; null where that is not known, and where it does not grow. */
  fullInDays: number | null;
}

export const UNKNOWN_GROWTH: Growth = { growthPerDay: null, fullInDays: null };

/** The size of a server's data hour by hour since a time (ms since the epoch), as the watch wrote it. */
export function readSizes(telemetry: TelemetryStore, database: string, since: number): Promise<SizePoint[]> {
  return telemetry.query<SizePoint>(
    `SELECT intDiv(toUnixTimestamp64Milli(timestamp), ${HOUR}) * ${HOUR} AS at, max(value) AS bytes FROM metrics
     WHERE name = 'db_size_bytes' AND attributes['database'] = {database:String}
       AND timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
     GROUP BY at ORDER BY at`,
    { database, since },
  );
}

/** How these tables or indexes grew in the 14 days before `at` (ms since the epoch), by name. */
export async function readGrowth(
  telemetry: TelemetryStore,
  database: string,
  { kind, objects, at }: { kind: RelationSize['kind']; objects: readonly string[]; at: number },
): Promise<Map<string, Growth>> {
  const [{ free }, rows] = await Promise.all([
    readRoom(telemetry, database, at),
    telemetry.query<{ object: string; points: [at: number, bytes: number][] }>(
      `SELECT object, arraySort(groupArray((step, largest))) AS points
       FROM (
         SELECT object, intDiv(toUnixTimestamp64Milli(timestamp), ${STEP}) * ${STEP} AS step, max(bytes) AS largest
         FROM database_sizes
         WHERE database = {database:String} AND kind = {kind:String} AND object IN {objects:Array(String)}
           AND timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND timestamp <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
         GROUP BY object, step
       ) GROUP BY object`,
      { database, kind, objects, since: at - HISTORY, at },
    ),
  ]);
  return new Map(
    rows.map(({ object, points }) => {
      const growth = growthPerDay(points.map(([when, bytes]) => ({ at: Number(when), bytes: Number(bytes) })));
      return [object, { growthPerDay: growth, fullInDays: daysUntilFull(free, growth) }];
    }),
  );
}

/** Days until growth of this many bytes a day has taken the room; null where it is not known, or does not grow. */
export function daysUntilFull(free: number | null, growth: number | null): number | null {
  return free === null || growth === null || growth <= 0 ? null : free / growth;
}

/** The room on the disk, as it was last seen in the day before `at` (ms since the epoch). Bytes. */
export async function readRoom(
  telemetry: TelemetryStore,
  database: string,
  at: number,
): Promise<{ used: number | null; free: number | null }> {
  const [row] = await telemetry.query<{ used: number | null; free: number | null }>(
    `SELECT argMaxOrNullIf(value, timestamp, name = 'db_size_bytes') AS used,
            argMaxOrNullIf(value, timestamp, name = 'db_disk_free_bytes') AS free
     FROM metrics
     WHERE name IN ('db_size_bytes', 'db_disk_free_bytes') AND attributes['database'] = {database:String}
       AND timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND timestamp <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')`,
    { database, at, since: at - DAY },
  );
  return row ?? { used: null, free: null };
}
