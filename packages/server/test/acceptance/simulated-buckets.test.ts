import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bucket } from '../../src/respond/alerting/ports.ts';
import { storedBuckets } from '../../src/respond/alerting/state/bucket-query.ts';
import { type Counted, SimulatedBuckets, samplesOf } from '../../src/respond/simulate/buckets.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';

const T = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
const WHO = { project: '1', service: 'api', environment: 'production', release: '1.0.0' };

/** An instant and what happens then. */
const HAPPENED: [at: number, what: Counted][] = [
  [T, { kind: 'requests', count: 3, failed: 1, durationMs: 120, labels: { endpoint: '/a', method: 'GET' } }],
  [T + 1, { kind: 'requests', count: 2, failed: 0, durationMs: 40, labels: { endpoint: '/a', method: 'GET' } }],
  [T + 999, { kind: 'requests', count: 1, failed: 0, durationMs: 900, labels: { endpoint: '/b', service: 'web' } }],
  [T + 1_500, { kind: 'requests', count: 5, failed: 5, durationMs: 1, labels: { endpoint: '/api/health' } }],
  [
    T,
    { kind: 'outbound', count: 4, failed: 2, durationMs: 55, labels: { provider: 'stripe', host: 'api.stripe.com' } },
  ],
  [T + 2_001, { kind: 'outbound', count: 1, failed: 0, durationMs: 5, labels: { host: 'example.com' } }],
  [T, { kind: 'gauge', name: 'queue', value: 7, labels: { queue: 'mail' } }],
  [T + 400, { kind: 'gauge', name: 'queue', value: 3, labels: { queue: 'mail' } }],
  [T + 300, { kind: 'gauge', name: 'queue', value: 9, labels: { queue: 'sms' } }],
  [T, { kind: 'event', name: 'failed_authentication', count: 2, level: 'warn', labels: { ip: '203.0.113.9' } }],
  [T + 1, { kind: 'event', name: 'authn_login_fail:user', count: 1, level: 'warn', labels: { ip: '203.0.113.9' } }],
  [T + 5, { kind: 'check', monitor: 'Homepage', ok: false, reason: null }],
  [T + 700, { kind: 'check', monitor: 'Homepage', ok: true, reason: null }],
  [T + 1, { kind: 'event', name: 'payment', count: 1, level: 'error', labels: {} }],
];

const SERIES: [series: string, dimensions: string[]][] = [
  ['requests', ['service', 'endpoint', 'method']],
  ['requests', ['environment']],
  ['outbound_calls', ['provider', 'host']],
  ['metric:queue', ['queue']],
  ['metric:queue', []],
  ['failed_auth_attempts', ['ip']],
  ['application_logs', ['event', 'environment']],
  ['checks', ['monitor', 'environment']],
];

const ALL_CLASSES = new Set(['requests', 'outbound_calls', 'metric:queue', 'checks']);

let server: TelemetryServer;
const simulated = new SimulatedBuckets();

/** The rows of one occurrence, with the table that takes them. */
function rowsOf(at: number, what: Counted, n: number): [table: string, rows: Record<string, unknown>[]] {
  const { project, service, environment, release, ...labels } = { ...WHO, ...('labels' in what ? what.labels : {}) };
  const row = (index: number) => ({ project, service, environment, release, timestamp: at, id: `${n}-${index}` });
  const rows = (count: number, more: (index: number) => object) =>
    Array.from({ length: count }, (_, index) => ({ ...row(index), ...more(index) }));
  switch (what.kind) {
    case 'requests': {
      const status = (index: number) => (index < what.failed ? 503 : 200);
      const fields = (index: number) => ({
        statusCode: status(index),
        duration: what.durationMs,
        dedupKey: `${n}-${index}`,
      });
      return [
        'request_rows',
        rows(what.count, (index) => ({ ...labels, ...fields(index) })).map(({ id: _id, ...one }) => one),
      ];
    }
    case 'outbound':
      return [
        'outbound_rows',
        rows(what.count, (index) => ({ ...labels, failed: index < what.failed, duration: what.durationMs })),
      ];
    case 'check': {
      const check = { monitor: what.monitor, monitorId: what.monitor, ok: what.ok, state: 'up', durationMs: 0 };
      return ['check_results', rows(1, () => ({ ...check, service: '', coveredMs: 0, evidence: '' }))];
    }
    case 'gauge':
      return ['metric_rows', rows(1, () => ({ name: what.name, value: what.value, attributes: labels }))];
    case 'event':
      return [
        'logs',
        rows(what.count, () => ({ level: what.level, message: 'm', event: what.name, attributes: {}, ...labels })),
      ];
  }
}

beforeAll(async () => {
  server = await startTelemetryServer();
  for (const [n, [at, what]] of HAPPENED.entries()) {
    const [table, rows] = rowsOf(at, what, n);
    await server.insert(table as Parameters<typeof server.insert>[0], rows);
    for (const sample of samplesOf(what, at, WHO)) simulated.add(sample);
  }
});

afterAll(() => server.stop());

const inOrder = (buckets: readonly Bucket[]) =>
  buckets
    .map((bucket) => ({ ...bucket, classes: [...bucket.classes].sort(([a], [b]) => a - b) }))
    .sort((a, b) => a.at - b.at || (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1));

test.each(SERIES)('a simulation counts as the telemetry store does: %s by %j', async (series, dimensions) => {
  for (const widthMs of [1_000, 10_000]) {
    const query = { series, dimensions, from: T - 20_000, to: T + 20_000, widthMs, classes: ALL_CLASSES.has(series) };
    const [stored, ours] = await Promise.all([storedBuckets(server.telemetry).read(query), simulated.read(query)]);
    const shown = query.classes ? ours : ours.map((bucket) => ({ ...bucket, classes: [] }));
    expect(stored.length).toBeGreaterThan(0);
    expect(inOrder(shown)).toEqual(inOrder(stored));
  }
});
