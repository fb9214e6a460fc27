import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import { sloRoutes } from '../../src/http/slos.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { countBack, countByDay, countIn } from '../../src/respond/slo/counts.ts';
import { listSlos, previewSlo, type Slo } from '../../src/respond/slo/index.ts';
import { configOf } from '../support/alert-rig.ts';
import { differences } from '../support/described.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** Noon of some day, not long ago. */
const T = Math.floor((Date.now() - DAY) / DAY) * DAY + DAY / 2;
const WHO = { project: '1', service: 'api', environment: 'production', release: '1.0.0' };
const NOTHING = { muteOf: () => null, excludedOf: () => [] };

const { slos } = configOf(`
monitors: [{name: Homepage, url: "http://127.0.0.1:9/"}]
slos:
  - {name: api, target: 90, window: 30d, sli: {requests: {service: api}}}
  - {name: fast, target: 90, window: 7d, sli: {latency: {service: api, endpoint: /a, under_ms: 300}}}
  - {name: home, target: 90, window: 28d, sli: {checks: Homepage}, burn_alerts: none}
`) as unknown as { slos: readonly [Slo, Slo, Slo] };
const [api, fast, home] = slos;

let server: TelemetryServer;

beforeAll(async () => {
  server = await startTelemetryServer();
  const request = (at: number, statusCode: number, duration: number, endpoint = '/a') => ({
    ...{ ...WHO, timestamp: at, endpoint, method: 'GET', statusCode, duration, dedupKey: `${at}-${endpoint}` },
  });
  const rows = [
    request(T, 200, 100),
    request(T - 1, 500, 900),
    request(T - 4 * MINUTE, 200, 900),
    request(T - 20 * MINUTE, 503, 100, '/b'),
    request(T - DAY, 200, 100),
    request(T - 2 * DAY, 500, 100),
  ];
  for (const row of rows) {
    await server.insert('request_rows', [row]);
    await server.insert('request_rows', [row]);
  }
  const check = (n: number, ok: boolean, state: string) => ({
    ...{ ...WHO, id: `c${n}`, timestamp: T - n * MINUTE, monitorId: 'homepage', monitor: 'Homepage', kind: 'http' },
    ...{ location: 'local', ok, state, coveredMs: 60_000, durationMs: 5, evidence: '' },
  });
  const checks = [
    check(1, true, 'up'),
    check(2, false, 'down'),
    check(3, false, 'maintenance'),
    check(4, true, 'degraded'),
  ];
  await server.insert('check_results', checks);
  await server.insert('check_results', checks);
});

afterAll(() => server.stop());

test('counts by minute, a batch that is sent again adds nothing', async () => {
  const range = { start: T - 30 * DAY, end: T };
  expect(await countIn(server.telemetry, api.indicator, range, [])).toEqual({ total: 6, bad: 3 });
  expect(await countIn(server.telemetry, fast.indicator, range, [])).toEqual({ total: 5, bad: 2 });
  expect(await countIn(server.telemetry, home.indicator, range, [])).toEqual({ total: 3, bad: 1 });
});

test('planned work does not count', async () => {
  const range = { start: T - 30 * DAY, end: T };
  const excluded = [{ start: T - 21 * MINUTE, end: T - 19 * MINUTE }];
  expect(await countIn(server.telemetry, api.indicator, range, excluded)).toEqual({ total: 5, bad: 2 });
});

test('counts by day, and back from now by the second', async () => {
  const midnight = T - DAY / 2;
  expect(await countByDay(server.telemetry, api.indicator, { start: T - 30 * DAY, end: T }, [])).toEqual([
    { day: midnight - 2 * DAY, total: 1, bad: 1 },
    { day: midnight - DAY, total: 1, bad: 0 },
    { day: midnight, total: 4, bad: 2 },
  ]);
  const back = await countBack(server.telemetry, api.indicator, T, [5 * MINUTE, 60 * MINUTE, DAY], []);
  expect(back).toEqual([
    { total: 3, bad: 1 },
    { total: 4, bad: 2 },
    { total: 4, bad: 2 },
  ]);
});

test('an objective says what is left, how fast it burns and when it pages', async () => {
  const stateOf = (rule: string) => (rule === 'SLO fast 6x' ? 'firing' : 'inactive');
  const deps = { telemetry: server.telemetry, plannedWork: async () => NOTHING, stateOf } as const;
  const items = await listSlos(deps, slos, T);
  expect(items[0]).toMatchObject({
    ...{ name: 'api', target: 90, window: '30d', state: 'exhausted', attained: 50, total: 6, bad: 3, burnRate: 5 },
    sentence: '90 % of requests with service api succeed over 30 days.',
    budget: { allowed: 0.6000000000000001, spent: 3, remaining: -400 },
    alerts: [
      { name: 'SLO api 14.4x', factor: 14.4, long: '1 h', short: '5 min', longRate: 5, shortRate: 3.33333333333 },
      { name: 'SLO api 6x' },
      { name: 'SLO api 3x' },
      { name: 'SLO api 1x' },
    ],
  });
  expect(items[0]?.history).toHaveLength(30);
  expect(items[0]?.history.at(-1)).toMatchObject({ attained: 50 });
  expect(items[1]).toMatchObject({ name: 'fast', state: 'burning' });
  expect(items[2]).toMatchObject({
    name: 'home',
    alerts: [],
    timeToPage: [{ failingPercent: 100, seconds: null }, {}, {}],
  });
});

test('other numbers are tried before they are written: time to the first page, and what would be left', async () => {
  const preview = (asked: Parameters<typeof previewSlo>[2]) =>
    previewSlo({ telemetry: server.telemetry, plannedWork: async () => NOTHING }, slos, asked, T);
  expect(await preview({ slo: 'api', target: 99.9, days: 30 })).toEqual({
    ...{ target: 99.9, window: '30d', outageSeconds: 2_592 },
    timeToPage: [
      { failingPercent: 100, seconds: 52, alert: 'SLO api 14.4x' },
      { failingPercent: 10, seconds: 519, alert: 'SLO api 14.4x' },
      { failingPercent: 1, seconds: 12_961, alert: 'SLO api 6x' },
    ],
    measured: { attained: 50, total: 6, bad: 3, allowed: expect.closeTo(0.006), remaining: -49_900 },
  });
  expect(await preview({ slo: 'api', target: 25, days: 7 })).toMatchObject({ measured: { remaining: 33.333 } });
  // Without alerts nobody is ever paged; without an objective the usual alerts count, and nothing is measured.
  expect((await preview({ slo: 'home', target: 99, days: 28 })).timeToPage[0]).toMatchObject({ seconds: null });
  expect(await preview({ target: 99, days: 7 })).toMatchObject({ measured: null, outageSeconds: 6_048 });
  await expect(preview({ slo: 'nope', target: 99, days: 7 })).rejects.toMatchObject({ code: 'slo_not_found' });
});

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test('the OpenAPI document describes what is answered, and all of it is', async () => {
  const clock = new FakeClock(T);
  const app = await createHttpServer({ log: createLog(clock, () => undefined), version: '0' });
  sloRoutes(app, {
    ...{ telemetry: server.telemetry, clock, slos: () => slos, windows: { planned: async () => NOTHING } },
    alerting: { pages: { rules: async () => [] } as never },
    guard: (() => async (request: { reach?: unknown }) => void Object.assign(request, { reach: null })) as never,
  });
  const deps = { telemetry: server.telemetry, plannedWork: async () => NOTHING, stateOf: () => 'inactive' as const };
  const path = '/api/v1/slos';
  const all = await app.inject({ url: path });
  const body = all.json();
  expect(body).toEqual({ items: plain(await listSlos(deps, slos, T)), nextCursor: null });
  expect(differences(app, { method: 'get', path, status: 200, body })).toEqual([]);
  const other = await app.inject({ url: `${path}/preview?slo=${api.id}&target=99` });
  const preview = other.json();
  expect(preview).toEqual(plain(await previewSlo(deps, slos, { slo: api.id, target: 99, days: 30 }, T)));
  expect(preview.measured).not.toBeNull();
  expect(differences(app, { method: 'get', path: `${path}/preview`, status: 200, body: preview })).toEqual([]);
  await app.close();
});
