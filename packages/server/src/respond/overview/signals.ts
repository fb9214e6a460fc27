import type { Signal } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';

const MINUTE = 60_000;
const MINUTES_SHOWN = 60;

interface RequestMinute {
  minute: number;
  requests: number;
  failed: number;
  p95: number | null;
}

interface MetricMinute {
  minute: number;
  name: string;
  value: number;
}

const REQUESTS_BY_MINUTE = `
  SELECT toUnixTimestamp(toStartOfMinute(timestamp)) * 1000 AS minute,
         count() AS requests,
         countIf(statusCode >= 500) AS failed,
         quantile(0.95)(duration) AS p95
  FROM requests
  WHERE timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
  GROUP BY minute`;

const METRICS_BY_MINUTE = `
  SELECT toUnixTimestamp(toStartOfMinute(timestamp)) * 1000 AS minute, name, max(value) AS value
  FROM metrics
  WHERE timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND name IN ('db_connection_usage', 'memory_usage')
  GROUP BY minute, name`;

/** Sixty whole minutes that end with the last complete one. */
function minutesUntil(now: number): number[] {
  const last = Math.floor(now / MINUTE) * MINUTE - MINUTE;
  return Array.from({ length: MINUTES_SHOWN }, (_, index) => last - (MINUTES_SHOWN - 1 - index) * MINUTE);
}

function series<Row extends { minute: number }>(
  minutes: readonly number[],
  rows: readonly Row[],
  read: (row: Row) => number | null,
): [number, number | null][] {
  const byMinute = new Map(rows.map((row) => [row.minute, row]));
  return minutes.map((minute) => {
    const row = byMinute.get(minute);
    return [minute, row ? read(row) : null];
  });
}

const latest = (points: readonly [number, number | null][]) =>
  points.findLast(([, value]) => value !== null)?.[1] ?? null;

/** The last complete hour of the golden signals, one point a minute; null where nothing arrived. */
export async function readSignals(telemetry: TelemetryStore, now: number): Promise<Signal[]> {
  const minutes = minutesUntil(now);
  const from = minutes[0] as number;
  const [requests, metrics] = await Promise.all([
    telemetry.query<RequestMinute>(REQUESTS_BY_MINUTE, { from }, { maxSeconds: 5 }),
    telemetry.query<MetricMinute>(METRICS_BY_MINUTE, { from }, { maxSeconds: 5 }),
  ]);
  const named = (name: string) => metrics.filter((row) => row.name === name);
  const signal = (key: Signal['key'], label: string, unit: string, href: string, points: Signal['series']): Signal => ({
    key,
    label,
    unit,
    href,
    value: latest(points),
    series: points,
  });
  return [
    signal(
      'requests',
      'Requests',
      '/s',
      '/logs?q=type:performance',
      series(minutes, requests, (row) => row.requests / 60),
    ),
    signal(
      'errors',
      'Errors',
      '%',
      '/logs?q=statusCode:>=500',
      series(minutes, requests, (row) => (100 * row.failed) / row.requests),
    ),
    signal(
      'p95',
      'p95 latency',
      'ms',
      '/logs?q=type:performance%20duration:>1000',
      series(minutes, requests, (row) => row.p95),
    ),
    signal(
      'connections',
      'Database connections',
      '%',
      '/alerts',
      series(minutes, named('db_connection_usage'), (row) => row.value),
    ),
    signal(
      'memory',
      'Memory',
      '%',
      '/alerts',
      series(minutes, named('memory_usage'), (row) => row.value),
    ),
  ];
}

/** Requests of the hour that the signals show; null when the store has not answered. */
export function requestsOf(signals: readonly Signal[] | null): number | null {
  const requests = signals?.find((signal) => signal.key === 'requests');
  if (!requests) return null;
  return Math.round(requests.series.reduce((sum, [, perSecond]) => sum + (perSecond ?? 0) * 60, 0));
}
