import type { CapacityResource, CapacityUnit } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { forecast, outlookText } from '../forecast/outlook.ts';
import { DAY_MS, type Point } from '../forecast/series.ts';
import { type Asked, ask, shown, storeTime } from './asked.ts';

/** How far back histories are read. */
const HISTORY_MS = 90 * DAY_MS;
const SHOWN_POINTS = 240;
const HOUR = 'toInt64(toUnixTimestamp(timestamp)) * 1000';

/** Something that can run out, before it was looked at. */
interface Definition {
  id: string;
  title: string;
  unit: CapacityUnit;
  asked: Asked;
  limit: { value: number | null; from: string };
}

/** What a resource may be limited by that no store knows. */
export interface KnownLimits {
  /** Null = nobody knows. */
  requestsPerSecond: number | null;
}

interface Level {
  name: string;
  attributes: Record<string, string>;
  value: number;
}

/** The newest levels of the last two days, by series. */
export function newestAsked(now: number): Asked {
  return {
    sql: `SELECT name, attributes, argMax(value, timestamp) AS value FROM capacity
          WHERE timestamp >= toDateTime({since:String}, 'UTC')
          GROUP BY name, attributes ORDER BY name, toString(attributes)`,
    params: { since: storeTime(now - 2 * DAY_MS) },
  };
}

function levelsOf(name: string, label: string, now: number, of: string): Asked {
  return {
    sql: `SELECT ${HOUR} AS at, max(value) AS value FROM capacity
          WHERE name = {name:String} AND attributes[{label:String}] = {of:String} AND timestamp >= toDateTime({since:String}, 'UTC')
          GROUP BY at ORDER BY at`,
    params: { name, label, of, since: storeTime(now - HISTORY_MS) },
  };
}

/** The busiest minute of every hour, requests per second. */
function trafficAsked(now: number): Asked {
  return {
    sql: `SELECT toInt64(toUnixTimestamp(toStartOfHour(minute))) * 1000 AS at, max(requests) / 60 AS value FROM (
            SELECT timestamp - 60 AS minute, sum(requests) AS requests FROM traffic
            WHERE timestamp >= toDateTime({since:String}, 'UTC') GROUP BY minute)
          GROUP BY at ORDER BY at`,
    params: { since: storeTime(now - HISTORY_MS) },
  };
}

const newest = (levels: readonly Level[], name: string, label: string, of: string) =>
  levels.find((level) => level.name === name && level.attributes[label] === of)?.value;

function ofDisks(levels: readonly Level[], now: number): Definition[] {
  const used = levels.filter(({ name }) => name === 'capacity_disk_used_bytes');
  const isApart = (disk: string) => disk.startsWith('telemetry ');
  const folders = used.filter(({ attributes: { disk = '' } }) => !isApart(disk)).length;
  return used.map(({ value, attributes: { disk = '' } }) => {
    const free = newest(levels, 'capacity_disk_free_bytes', 'disk', disk);
    return {
      id: `disk:${disk}`,
      title: isApart(disk)
        ? `Disk of the ${disk.replace('telemetry ', 'telemetry store, ')}`
        : `Disk of the data folder${folders > 1 ? `, instance ${disk}` : ''}`,
      unit: 'B',
      asked: levelsOf('capacity_disk_used_bytes', 'disk', now, disk),
      limit:
        free === undefined
          ? { value: null, from: 'its free room was not measured' }
          : { value: value + free, from: 'size of the disk that can be used' },
    };
  });
}

function ofDatabases(levels: readonly Level[], now: number): Definition[] {
  const names = [
    ...new Set(levels.flatMap(({ attributes: { database } }) => (database === undefined ? [] : [database]))),
  ];
  return names.flatMap((database): Definition[] => {
    const size = newest(levels, 'db_size_bytes', 'database', database);
    const free = newest(levels, 'db_disk_free_bytes', 'database', database);
    const usage = newest(levels, 'db_connection_usage', 'database', database);
    return [
      ...(size === undefined
        ? []
        : [
            {
              id: `database:${database}`,
              title: `Database ${database}: room on its disk`,
              unit: 'B' as const,
              asked: levelsOf('db_size_bytes', 'database', now, database),
              limit:
                free === undefined
                  ? { value: null, from: 'the size of its disk is not known: set disk_size of the database' }
                  : { value: size + free, from: 'its data and the room that is left on its disk' },
            },
          ]),
      ...(usage === undefined
        ? []
        : [
            {
              id: `connections:${database}`,
              title: `Database ${database}: connections`,
              unit: '%' as const,
              asked: levelsOf('db_connection_usage', 'database', now, database),
              limit: { value: 100, from: 'connections that ordinary roles may take' },
            },
          ]),
    ];
  });
}

/** Series that are told apart by one label, or stand alone. */
function ofOthers(levels: readonly Level[], now: number, limits: KnownLimits): Definition[] {
  const backups = levels.flatMap(({ name, attributes: { backup } }) =>
    name === 'backup_size' && backup !== undefined ? [backup] : [],
  );
  return [
    {
      id: 'traffic',
      title: 'Requests in the busiest minute of an hour',
      unit: '/s',
      asked: trafficAsked(now),
      limit:
        limits.requestsPerSecond === null
          ? { value: null, from: 'nobody knows what the application bears: set scaling.limits.requests_per_second' }
          : { value: limits.requestsPerSecond, from: 'scaling.limits.requests_per_second' },
    },
    ...(levels.some(({ name }) => name === 'capacity_telemetry_total_bytes')
      ? [
          {
            id: 'telemetry',
            title: 'Telemetry on disk',
            unit: 'B' as const,
            asked: levelsOf('capacity_telemetry_total_bytes', '', now, ''),
            limit: { value: null, from: 'it shares its disk' },
          },
        ]
      : []),
    ...backups.map(
      (backup): Definition => ({
        id: `backup:${backup}`,
        title: `Newest backup of ${backup}`,
        unit: 'B',
        asked: levelsOf('backup_size', 'backup', now, backup),
        limit: { value: null, from: 'the room of the backup store is not known' },
      }),
    ),
  ];
}

function thinned(points: readonly Point[]): Point[] {
  const step = Math.ceil(points.length / SHOWN_POINTS);
  return points.filter((_, index) => (points.length - 1 - index) % Math.max(1, step) === 0);
}

async function look(
  telemetry: Pick<TelemetryStore, 'query'>,
  { id, title, unit, asked, limit }: Definition,
  now: number,
): Promise<CapacityResource> {
  const points = await ask<Point>(telemetry, asked);
  const { outlook, trend, band } = forecast(points, limit.value, now);
  return {
    ...{ id, title, unit, current: points.at(-1)?.value ?? null },
    ...{ limit: limit.value, limitFrom: limit.from, outlook },
    sentence: `${title}: ${outlookText(outlook)}.`,
    growthPerDay: trend?.growthPerDay ?? null,
    since: trend?.since ?? points[0]?.at ?? null,
    samples: points.length,
    query: shown(asked),
    history: thinned(points),
    band,
  };
}

/** Days until a resource is expected at its limit; the farthest that is looked at where none is in sight. */
export const NO_LIMIT_IN_SIGHT = 730;

/** What a rule reads of a resource: days, or undefined while nothing can be said. */
export function daysToLimit({ outlook }: Pick<CapacityResource, 'outlook'>): number | undefined {
  if (outlook.state === 'unknown') return undefined;
  if (outlook.state === 'full') return 0;
  return (outlook.state === 'limit' ? outlook.days : null) ?? NO_LIMIT_IN_SIGHT;
}

/** In order of need: full, days to the limit, no limit in sight, unknown. */
function byNeed(a: CapacityResource, b: CapacityResource): number {
  const days = (one: CapacityResource) => daysToLimit(one) ?? NO_LIMIT_IN_SIGHT + 1;
  return days(a) - days(b) || a.id.localeCompare(b.id);
}

/** Looks at every resource: its level, its limit, and when it is expected there; the most urgent first. */
export async function readResources(
  telemetry: Pick<TelemetryStore, 'query'>,
  limits: KnownLimits,
  now: number,
): Promise<CapacityResource[]> {
  const levels = await ask<Level>(telemetry, newestAsked(now));
  const definitions = [...ofDisks(levels, now), ...ofDatabases(levels, now), ...ofOthers(levels, now, limits)];
  const resources: CapacityResource[] = [];
  for (const definition of definitions) resources.push(await look(telemetry, definition, now));
  return resources.sort(byNeed);
}
