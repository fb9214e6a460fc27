import type { CapacityFigure, RouteCapacity } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { DAY_MS } from '../forecast/series.ts';
import type { MemoryLoad } from '../vercel/measured.ts';
import { type Asked, ask, shown, storeTime } from './asked.ts';
import type { Problem } from './sample.ts';
import { signalOf } from './signals.ts';

type Telemetry = Pick<TelemetryStore, 'query'>;
type Group = CapacityFigure['group'];

/** What is read, and what the rows of the answer become. */
interface Reading<Row> {
  source: string;
  asked: Asked;
  figures(row: Row): Omit<CapacityFigure, 'query'>[];
}

const MOST_ROUTES = 200;
const MINUTES = 5;
const WEEK_MS = 7 * DAY_MS;
const since = (at: number) => ({ since: storeTime(at) });
const SINCE = "toDateTime({since:String}, 'UTC')";

function figure(
  group: Group,
  of: string,
  key: string,
  value: [label: string, value: number, unit: CapacityFigure['unit'], samples: number],
): Omit<CapacityFigure, 'query'> {
  const [label, number, unit, samples] = value;
  return { id: `${group}${of === '' ? '' : `:${of}`}:${key}`, group, of, label, value: number, unit, samples };
}

function trafficNow(now: number): Reading<{ requests: number; failed: number }> {
  return {
    source: 'traffic of the last minutes',
    asked: {
      sql: `SELECT sum(requests) AS requests, sum(failed) AS failed FROM traffic
            WHERE timestamp > toDateTime({since:String}, 'UTC') AND timestamp <= toDateTime({until:String}, 'UTC')`,
      params: { ...since(now - (MINUTES + 1) * 60_000), until: storeTime(now - 60_000) },
    },
    figures: ({ requests }) => [
      figure('traffic', '', 'now', [`Requests, mean of ${MINUTES} minutes`, requests / MINUTES / 60, '/s', requests]),
    ],
  };
}

function trafficPeak(now: number): Reading<{ peak: number; minutes: number }> {
  return {
    source: 'traffic of the last 30 days',
    asked: {
      sql: `SELECT max(requests) AS peak, count() AS minutes FROM (
              SELECT timestamp, sum(requests) AS requests FROM traffic WHERE timestamp >= ${SINCE} GROUP BY timestamp)`,
      params: since(now - 30 * DAY_MS),
    },
    figures: ({ peak, minutes }) =>
      minutes === 0
        ? []
        : [figure('traffic', '', 'peak', ['Requests, busiest minute of 30 days', peak / 60, '/s', minutes])],
  };
}

/** The last whole day in UTC, by parts of the store: each has the day in the name of its partition. */
function telemetryDay(now: number): Reading<{ table: string; rows: number; bytes: number; parts: number }> {
  const day = new Date(now - DAY_MS).toISOString().slice(0, 10);
  return {
    source: 'telemetry of the last whole day',
    asked: {
      sql: `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts
            WHERE database = currentDatabase() AND active AND startsWith(partition, {partition:String})
            GROUP BY table ORDER BY bytes DESC`,
      params: { partition: `('${day}'` },
    },
    figures: ({ table, rows, bytes }) => {
      const signal = signalOf(table);
      const of = signal === 'other' || signal === 'errors' || signal === 'checks' ? table : signal;
      return [
        figure('telemetry', of, 'rows', [`Rows on ${day}`, rows, 'rows/day', rows]),
        figure('telemetry', of, 'bytes', [`Bytes on ${day}, as stored`, bytes, 'B/day', rows]),
        ...(rows === 0
          ? []
          : [figure('telemetry', of, 'row', ['Bytes a row, as stored', bytes / rows, 'B/row', rows])]),
      ];
    },
  };
}

interface LevelRow {
  name: string;
  attributes: Record<string, string>;
  value: number;
  samples: number;
}

const LEVELS: Readonly<Record<string, [group: Group, key: string, label: string, unit: CapacityFigure['unit']]>> = {
  capacity_disk_used_bytes: ['disk', 'used', 'Used', 'B'],
  capacity_disk_free_bytes: ['disk', 'free', 'Free', 'B'],
  capacity_state_bytes: ['disk', 'state', 'State store', 'B'],
  capacity_state_wal_bytes: ['disk', 'state-wal', 'Write-ahead log of the state store', 'B'],
  capacity_telemetry_bytes: ['telemetry', 'held', 'Held on disk', 'B'],
  capacity_telemetry_rows: ['telemetry', 'held-rows', 'Rows held', 'rows'],
  capacity_connections_used: ['connections', 'used', 'Connections taken', ''],
  capacity_connections_usable: ['connections', 'usable', 'Connections that ordinary roles may take', ''],
  db_size_bytes: ['database', 'size', 'All databases of the server and its write-ahead log', 'B'],
  db_disk_free_bytes: ['database', 'free', 'Room left on its disk', 'B'],
  backup_size: ['backups', 'size', 'Newest backup, as stored', 'B'],
};

/** The newest levels. */
function levels(now: number): Reading<LevelRow> {
  return {
    source: 'levels of the last two hours',
    asked: {
      sql: `SELECT name, attributes, argMax(value, timestamp) AS value, sum(samples) AS samples FROM capacity
            WHERE timestamp >= ${SINCE} GROUP BY name, attributes ORDER BY name, toString(attributes)`,
      params: since(now - 2 * 3_600_000),
    },
    figures: ({ name, attributes, value, samples }) => {
      const known = LEVELS[name];
      if (!known) return [];
      const [group, key, label, unit] = known;
      const of = attributes['disk'] ?? attributes['signal'] ?? attributes['database'] ?? attributes['backup'] ?? '';
      return [figure(group, of, key, [label, value, unit, samples])];
    },
  };
}

/** Share of blocks that were found in memory, by how the counters grew in a day. */
function cacheHits(now: number): Reading<{ database: string; hit: number; read: number; samples: number }> {
  return {
    source: 'blocks of the databases',
    asked: {
      sql: `SELECT attributes['database'] AS database,
                   argMaxIf(value, timestamp, name = 'capacity_blocks_hit') - argMinIf(value, timestamp, name = 'capacity_blocks_hit') AS hit,
                   argMaxIf(value, timestamp, name = 'capacity_blocks_read') - argMinIf(value, timestamp, name = 'capacity_blocks_read') AS read,
                   sum(samples) AS samples
            FROM capacity WHERE name IN ('capacity_blocks_hit', 'capacity_blocks_read') AND timestamp >= ${SINCE}
            GROUP BY database ORDER BY database`,
      params: since(now - DAY_MS),
    },
    // Less than before: the statistics were reset meanwhile.
    figures: ({ database, hit, read, samples }) =>
      hit < 0 || read < 0 || hit + read < 1_000
        ? []
        : [
            figure('database', database, 'cache', [
              'Blocks found in memory, last day',
              (hit / (hit + read)) * 100,
              '%',
              samples,
            ]),
          ],
  };
}

/** The tables that grew most in a week. */
function tableGrowth(
  now: number,
): Reading<{ database: string; table: string; newest: number; grown: number; days: number; samples: number }> {
  return {
    source: 'sizes of tables',
    asked: {
      sql: `SELECT database, object AS table, argMax(bytes, timestamp) AS newest,
                   argMax(bytes, timestamp) - argMin(bytes, timestamp) AS grown,
                   (toUnixTimestamp(max(timestamp)) - toUnixTimestamp(min(timestamp))) / 86400 AS days, count() AS samples
            FROM database_sizes WHERE kind = 'table' AND timestamp >= ${SINCE}
            GROUP BY database, object ORDER BY grown DESC, newest DESC LIMIT 20`,
      params: since(now - WEEK_MS),
    },
    figures: ({ database, table, newest, grown, days, samples }) => [
      figure('database', `${database} ${table}`, 'table', ['Size with indexes', newest, 'B', samples]),
      ...(days >= 1
        ? [
            figure('database', `${database} ${table}`, 'growth', [
              'Growth, mean of a week',
              grown / days,
              'B/day',
              samples,
            ]),
          ]
        : []),
    ],
  };
}

/** Pools of the application: size by instance, as its SDK reports them. */
function pools(
  now: number,
): Reading<{ service: string; pool: string; instances: number; size: number; samples: number }> {
  return {
    source: 'pools of the application',
    asked: {
      sql: `SELECT ifNull(service, '') AS service, attributes['pool'] AS pool, uniqExact(attributes['instance']) AS instances,
                   max(value) AS size, count() AS samples
            FROM metrics WHERE name = 'db_pool_size' AND timestamp >= ${SINCE} GROUP BY service, pool ORDER BY service, pool`,
      params: since(now - 3_600_000),
    },
    figures: ({ service, pool, instances, size, samples }) => {
      const of = [service, pool].filter((part) => part !== '').join(' ');
      return [
        figure('connections', of, 'pool', ['Pool of one instance', size, '', samples]),
        figure('connections', of, 'instances', ['Instances with this pool, last hour', instances, '', samples]),
        figure('connections', of, 'most', [
          'Connections that all may open: pool × instances',
          size * instances,
          '',
          samples,
        ]),
      ];
    },
  };
}

async function read<Row>(telemetry: Telemetry, { asked, figures }: Reading<Row>): Promise<CapacityFigure[]> {
  const query = shown(asked);
  const rows = await ask<Row>(telemetry, asked);
  return rows.flatMap((row) => figures(row).map((one) => ({ ...one, query })));
}

/** Measures every figure. What cannot be read is named, and the rest goes on. */
export async function readFigures(
  telemetry: Telemetry,
  now: number,
): Promise<{ figures: CapacityFigure[]; problems: Problem[] }> {
  const readings = [trafficNow, trafficPeak, levels, telemetryDay, cacheHits, tableGrowth, pools];
  const figures: CapacityFigure[] = [];
  const problems: Problem[] = [];
  for (const make of readings) {
    const reading = make(now) as Reading<unknown>;
    try {
      figures.push(...(await read(telemetry, reading)));
    } catch (error) {
      problems.push({ source: reading.source, message: (error as Error).message });
    }
  }
  return { figures, problems };
}

/** How routes were used in the last seven days, the busiest first. */
export async function readRoutes(
  telemetry: Telemetry,
  now: number,
): Promise<{ items: RouteCapacity[]; query: string }> {
  const asked: Asked = {
    sql: `SELECT endpoint, count() AS requests, quantileTDigest(0.5)(duration) AS p50, quantileTDigest(0.99)(duration) AS p99,
                 max(duration) AS slowest, toUnixTimestamp(max(timestamp)) - toUnixTimestamp(min(timestamp)) AS seconds
          FROM requests WHERE timestamp >= ${SINCE} AND endpoint IS NOT NULL AND duration IS NOT NULL
          GROUP BY endpoint ORDER BY requests DESC, endpoint LIMIT ${MOST_ROUTES}`,
    params: since(now - WEEK_MS),
  };
  const rows = await ask<Omit<RouteCapacity, 'perSecond'> & { seconds: number }>(telemetry, asked);
  const items = rows.map(({ seconds, ...row }) => ({ ...row, perSecond: row.requests / Math.max(60, seconds) }));
  return { items, query: shown(asked) };
}

/** The highest use of memory of each service in the last seven days, against the nearest limit. */
export async function readMemory(telemetry: Telemetry, now: number): Promise<{ items: MemoryLoad[]; query: string }> {
  const asked: Asked = {
    sql: `SELECT ifNull(service, '') AS service, max(value) AS percent, sum(samples) AS samples FROM capacity
          WHERE name = 'memory_usage' AND timestamp >= ${SINCE} GROUP BY service ORDER BY service`,
    params: since(now - WEEK_MS),
  };
  return { items: await ask<MemoryLoad>(telemetry, asked), query: shown(asked) };
}
