import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { BucketCache } from '../../src/respond/alerting/evaluate/buckets.ts';
import { Evaluator } from '../../src/respond/alerting/evaluate/evaluator.ts';
import { equivalentQuery } from '../../src/respond/alerting/evaluate/query.ts';
import { readWindow } from '../../src/respond/alerting/evaluate/reading.ts';
import { demandOf } from '../../src/respond/alerting/evaluate/series.ts';
import { RULE_METRICS } from '../../src/respond/alerting/metrics.ts';
import { storedBuckets } from '../../src/respond/alerting/state/bucket-query.ts';
import { configOf } from '../support/alert-rig.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';

const T = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
const WHO = { project: '1', service: 'api', environment: 'production', release: '1.0.0' };

let server: TelemetryServer;

beforeAll(async () => {
  server = await startTelemetryServer();
});

afterAll(() => server.stop());

async function readRule(
  condition: string,
  extra = '',
  at = T,
): Promise<{ labels: object; value: number | null; count: number; bad: number }[]> {
  const { rules } = configOf(
    `alert_rules: [{name: R, condition: "${condition}", time_window: 5m, severity: info, notifications: [] ${extra}}]`,
  );
  const [rule] = rules;
  if (!rule) throw new Error('no rule');
  const cache = new BucketCache(storedBuckets(server.telemetry), demandOf(rule));
  await cache.refresh(at);
  return readWindow(cache, rule, at).map(({ labels, value, count, bad }) => ({ labels, value, count, bad }));
}

describe('buckets of the telemetry store', () => {
  test('requests: 5xx of all, without health routes, in a half-open window, and a replay adds nothing', async () => {
    const request = (at: number, statusCode: number, fields = {}) => ({
      ...{ ...WHO, timestamp: at, endpoint: '/api/restaurants', method: 'GET', statusCode, duration: 100 },
      dedupKey: `${at}-${statusCode}-${JSON.stringify(fields)}`,
      ...fields,
    });
    const rows = [
      request(T - 300_000, 500),
      request(T - 299_999, 500),
      request(T - 1_000, 200, { duration: 300 }),
      request(T - 500, 404),
      request(T, 503),
      request(T + 1, 500),
      request(T - 2_000, 503, { endpoint: '/api/health/detailed' }),
      request(T - 2_000, 200, { service: 'web', duration: 10 }),
    ];
    await server.insert('request_rows', rows);
    await server.insert('request_rows', rows);
    const byService = (service: string) => ({ service, environment: 'production' });
    expect(await readRule('error_rate > 5%')).toEqual(
      expect.arrayContaining([
        { labels: byService('api'), value: 50, count: 4, bad: 2 },
        { labels: byService('web'), value: 0, count: 1, bad: 0 },
      ]),
    );
    expect(await readRule('avg_response_time{service=api} > 2000ms')).toMatchObject([{ value: 150, count: 4 }]);
    expect(await readRule('max_response_time{service=api} > 2000ms')).toMatchObject([{ value: 300 }]);
    const [p99] = await readRule('p99_response_time{service=api} > 2000ms');
    expect(p99?.value).toBeGreaterThan(297);
    expect(p99?.value).toBeLessThan(303);
    expect(await readRule('request_rate{service=api} > 10')).toMatchObject([{ value: 4 / 300 }]);
  });

  test('outbound calls by provider', async () => {
    const call = (provider: string, failed: boolean, n: number) => ({
      ...{
        ...WHO,
        id: `${provider}${n}`,
        timestamp: T - n,
        provider,
        host: `api.${provider}.com`,
        failed,
        duration: 50,
      },
    });
    await server.insert('outbound_rows', [call('stripe', true, 1), call('stripe', false, 2), call('resend', false, 3)]);
    expect(await readRule('external_api_error_rate > 10%')).toEqual(
      expect.arrayContaining([
        { labels: { provider: 'stripe' }, value: 50, count: 2, bad: 1 },
        { labels: { provider: 'resend' }, value: 0, count: 1, bad: 0 },
      ]),
    );
  });

  test('failed sign-ins by either name, each once; error logs of all logs', async () => {
    const log = (n: number, fields: object) => ({
      ...{ ...WHO, id: `l${n}`, timestamp: T - n, level: 'warn', message: 'm', attributes: {}, ...fields },
    });
    await server.insert('logs', [
      log(1, { event: 'failed_authentication', ip: '203.0.113.9', attributes: { owasp: 'authn_login_fail' } }),
      log(2, { event: 'authn_login_fail:user', ip: '203.0.113.9' }),
      log(3, { event: 'sign_in', level: 'error' }),
      log(4, { project: 'yumops', event: 'failed_authentication' }),
    ]);
    expect(await readRule('failed_auth_attempts > 100')).toMatchObject([
      { labels: { environment: 'production' }, value: 2 },
    ]);
    expect(await readRule('failed_auth_attempts > 100 per hour', ', by: [ip]')).toMatchObject([
      { labels: { ip: '203.0.113.9' }, value: 24 },
    ]);
    expect(await readRule('log_error_rate > 5%')).toMatchObject([{ count: 3, bad: 1 }]);
  });

  test('checks, named health checks and error events; planned work does not count', async () => {
    const check = (n: number, ok: boolean, state: string) => ({
      ...{
        ...WHO,
        id: `k${n}`,
        timestamp: T - n * 1_000,
        monitorId: 'home',
        monitor: 'Home',
        kind: 'http',
        location: 'fra',
      },
      ...{ ok, state, coveredMs: 1, durationMs: 10 * n, evidence: '' },
    });
    await server.insert('check_results', [
      ...[check(1, true, 'up'), check(2, false, 'down')],
      ...[check(3, false, 'maintenance'), check(4, false, 'network-down'), check(5, false, 'unknown')],
    ]);
    expect(await readRule('check_failure_rate > 5%')).toEqual([
      { labels: { monitor: 'Home' }, value: 50, count: 2, bad: 1 },
    ]);
    expect(await readRule('max_check_response_time{location=fra} > 5ms')).toMatchObject([{ value: 20 }]);
    const named = (name: string, state: string) => ({
      ...WHO,
      timestamp: T - 5,
      monitorId: 'h',
      monitor: 'Health',
      name,
      state,
    });
    await server.insert('health_results', [named('db', 'down'), named('cache', 'up'), named('mail', 'unknown')]);
    expect(await readRule('health_check_failure_rate > 5%')).toEqual(
      expect.arrayContaining([
        { labels: { monitor: 'Health', name: 'db' }, value: 100, count: 1, bad: 1 },
        { labels: { monitor: 'Health', name: 'cache' }, value: 0, count: 1, bad: 0 },
      ]),
    );
    const event = (n: number, level: string, handled: boolean) => ({
      ...{ ...WHO, timestamp: T - n, receivedAt: T, eventId: `${n}`, level, type: 'TypeError', message: 'm', handled },
      ...{ culprit: '', platform: 'node', groupHash: 'g', groupVersion: 1, grouping: '', userKey: '', tags: {} },
      ...{ exception: '', event: '{}' },
    });
    await server.insert('error_event_rows', [
      event(1, 'fatal', false),
      event(2, 'error', true),
      event(3, 'error', true),
    ]);
    expect(await readRule('error_count > 1')).toMatchObject([{ value: 3 }]);
    expect(await readRule('error_count{level=fatal} > 1')).toMatchObject([{ value: 1 }]);
    expect(await readRule('unhandled_error_rate > 1%')).toMatchObject([{ count: 3, bad: 1 }]);
    const vital = (id: string, name: string, value: number) => ({
      ...{
        ...WHO,
        timestamp: T - 5,
        updatedAt: T,
        id,
        name,
        value,
        rating: 'good',
        route: '/',
        url: '/',
        device: 'mobile',
      },
      ...{ sessionId: 's' },
    });
    const slow = [1_000, 2_000, 3_000, 4_000].map((value) => vital(`m${value}`, 'LCP', value));
    await server.insert('web_vital_rows', [...slow, vital('c', 'CLS', 0.2)]);
    const [lcp] = await readRule('lcp{device=mobile} > 2500ms');
    expect(lcp?.count).toBe(4);
    expect(Math.abs(Number(lcp?.value) - 3_000)).toBeLessThan(60);
    expect(Math.abs(Number((await readRule('max_cls > 0.1'))[0]?.value) - 0.2)).toBeLessThan(0.001);
  });

  test('every metric of the registry has a query that runs as shown', async () => {
    for (const { name, reducer, unit } of RULE_METRICS.values()) {
      const text = { '%': '5%', ms: '5ms', B: '5B', '/s': '5', '': '5' }[unit];
      const [rule] = configOf(
        `alert_rules: [{name: R, condition: "${name} > ${text}", time_window: 5m, severity: info, notifications: []}]`,
      ).rules;
      await expect(server.telemetry.query(equivalentQuery(rule!)), `${name} ${reducer}`).resolves.toBeDefined();
    }
  });

  test('gauges by instance, and metrics of the user’s own by their attributes', async () => {
    const sample = (name: string, n: number, value: number, attributes: object) => ({
      ...{ ...WHO, id: `${name}${n}`, timestamp: T - n * 15_000, name, value, attributes },
    });
    await server.insert('metric_rows', [
      sample('memory_usage', 1, 90, { instance: 'a' }),
      sample('memory_usage', 2, 80, { instance: 'a' }),
      sample('memory_usage', 1, 20, { instance: 'b' }),
      sample('queue_depth', 1, 7, { queue: 'mail' }),
      sample('queue_depth', 2, 5, { queue: 'mail' }),
    ]);
    expect(await readRule('memory_usage > 85%')).toEqual(
      expect.arrayContaining([
        { labels: { instance: 'a' }, value: 85, count: 2, bad: 0 },
        { labels: { instance: 'b' }, value: 20, count: 1, bad: 0 },
      ]),
    );
    expect(await readRule('last_queue_depth{queue=mail} > 5')).toMatchObject([{ value: 7, count: 2 }]);
  });

  test('the six rules of the guide are evaluated on the store, each with a query that runs as shown', async () => {
    const { config } = loadConfig({
      path: fileURLToPath(new URL('../../../../testdata/guide', import.meta.url)),
      env: {},
    });
    if (!config) throw new Error('the guide is refused');
    const timing = { ingestDelayMs: 0, phase: 0 } as const;
    const evaluator = new Evaluator(storedBuckets(server.telemetry), config.rules, timing, [], []);
    const round = await evaluator.run(T, Number.POSITIVE_INFINITY);
    expect(round.statuses.map(({ ruleId, state }) => `${ruleId} ${state}`)).toEqual([
      'high-error-rate insufficient',
      'response-time-degradation insufficient',
      'database-connection-pool-exhaustion insufficient',
      'memory-usage-high insufficient',
      'failed-authentication-attempts inactive',
      'third-party-api-failures insufficient',
    ]);
    for (const rule of config.rules) await server.telemetry.query(equivalentQuery(rule));
  });
});
