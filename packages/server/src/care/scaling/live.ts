import type { TelemetryStore } from '../../lib/telemetry.ts';

/** A metric as scrapers read it. */
export interface MetricFamily {
  /** Ends in `_total` when it is a counter. */
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  samples: readonly { labels: Readonly<Record<string, string>>; value: number }[];
}

/** Rows are counted some seconds after they happened: the window ends so long ago. Seconds. */
const DELAY = 10;
const WINDOW = 60;
/** Levels older than this say nothing of now. Seconds. */
const LEVEL_AGE = 120;

interface RequestRow {
  service: string;
  environment: string;
  requests: number;
  failed: number;
  milliseconds: number;
  p95: number | null;
}

/** The requests of the last minute by service; durations are counted in classes of 2 %. */
const REQUESTS = `
  SELECT service, environment, sum(b.count) AS requests, sum(b.bad) AS failed, sum(b.sum) AS milliseconds,
         sumMap(b.classes) AS found,
         pow(1.02, arrayFirst((class, seen) -> seen >= 0.95 * arraySum(mapValues(found)), mapKeys(found),
           arrayCumSum(mapValues(found)))) AS p95
  FROM rule_buckets AS b
  WHERE series = 'requests' AND at > toDateTime({from:UInt32}, 'UTC') AND at <= toDateTime({to:UInt32}, 'UTC')
  GROUP BY service, environment ORDER BY service, environment`;

interface LevelRow {
  name: string;
  service: string;
  labels: string;
  value: number;
}

const LEVELS = `
  SELECT replaceOne(series, 'metric:', '') AS name, service, labels, argMaxMerge(b.last) AS value
  FROM rule_buckets AS b
  WHERE series IN ('metric:db_connection_usage', 'metric:memory_usage', 'metric:cpu_usage', 'metric:days_to_limit')
    AND at > toDateTime(if(series = 'metric:days_to_limit', {old:UInt32}, {from:UInt32}), 'UTC')
    AND at <= toDateTime({to:UInt32}, 'UTC')
  GROUP BY series, service, labels ORDER BY series, service, labels`;

/** Days to the limit are written every quarter of an hour. */
const DAYS_AGE = 2_700;

const gauge = (name: string, help: string, samples: MetricFamily['samples']): MetricFamily => ({
  ...{ name, help, samples },
  type: 'gauge',
});

function ofRequests(rows: readonly RequestRow[]): MetricFamily[] {
  const each = (value: (row: RequestRow) => number | null) =>
    rows.flatMap((row) => {
      const found = value(row);
      const labels = { service: row.service, environment: row.environment };
      return found === null ? [] : [{ labels, value: found }];
    });
  return [
    gauge(
      'yumops_app_requests_per_second',
      'Requests of the application, mean of the last minute',
      each(({ requests }) => requests / WINDOW),
    ),
    gauge(
      'yumops_app_response_time_p95_seconds',
      'Duration that 95 % of requests stay within, last minute',
      each(({ p95 }) => (p95 === null ? null : p95 / 1_000)),
    ),
    gauge(
      'yumops_app_requests_in_flight',
      'Requests at work at once, mean of the last minute: their durations added up, over the time',
      each(({ milliseconds }) => milliseconds / 1_000 / WINDOW),
    ),
    gauge(
      'yumops_app_error_ratio',
      'Share of requests that failed, last minute, 0 to 1',
      each(({ requests, failed }) => (requests === 0 ? null : failed / requests)),
    ),
  ];
}

const LEVEL_FAMILIES: Readonly<Record<string, [name: string, help: string, scale: number]>> = {
  db_connection_usage: ['yumops_db_connections_used_ratio', 'Connections taken, of those there are, 0 to 1', 0.01],
  memory_usage: ['yumops_app_memory_used_ratio', 'Memory of an instance against its limit, 0 to 1', 0.01],
  cpu_usage: ['yumops_app_cpu_used_ratio', 'CPU of an instance against its cores, 0 to 1', 0.01],
  days_to_limit: [
    'yumops_days_to_limit',
    'Days until a resource is expected at its limit, 730 where none is in sight',
    1,
  ],
};

function ofLevels(rows: readonly LevelRow[]): MetricFamily[] {
  return Object.entries(LEVEL_FAMILIES).map(([metric, [name, help, scale]]) => {
    const own = rows.filter((row) => row.name === metric);
    const samples = own.map(({ service, labels, value }) => {
      const { database = '', pool = '', instance = '', resource = '' } = JSON.parse(labels) as Record<string, string>;
      const known =
        metric === 'db_connection_usage'
          ? { database, pool, instance }
          : metric === 'days_to_limit'
            ? { resource }
            : { instance };
      return { labels: { service, ...known }, value: value * scale };
    });
    return gauge(name, help, samples);
  });
}

/** What the application does at the moment, as autoscalers read it. @param now ms since the epoch */
export async function readLive(telemetry: Pick<TelemetryStore, 'query'>, now: number): Promise<MetricFamily[]> {
  const to = Math.floor(now / 1_000) - DELAY;
  const requests = await telemetry.query<RequestRow>(REQUESTS, { from: to - WINDOW, to }, { maxSeconds: 5 });
  const times = { from: to + DELAY - LEVEL_AGE, old: to - DAYS_AGE, to: to + DELAY };
  const levels = await telemetry.query<LevelRow>(LEVELS, times, { maxSeconds: 5 });
  return [...ofRequests(requests), ...ofLevels(levels)];
}
