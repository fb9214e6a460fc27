import type {
  BusinessAnalysis,
  EndpointAnalysis,
  ErrorRateAnalysis,
  FunnelAnalysis,
  LogPatterns,
  SecurityAnalysis,
} from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../test/engines.ts';
import { silentLog, startTestIngest, until } from '../../test/ingest.ts';
import { openGuard } from '../../test/support/open-guard.ts';
import { systemClock } from '../lib/clock.ts';
import type { Ingest } from '../observe/ingest/index.ts';
import { createLogSearch } from '../observe/logs/index.ts';
import { analysisRoutes } from './analyses.ts';
import { logsRoutes } from './logs.ts';
import { createHttpServer } from './server.ts';

let store: TestTelemetry;
let app: FastifyInstance;
let ingest: Ingest;
let stopIngest: () => Promise<void>;

const FIVE = 300_000;
/** The start of a step an hour ago. */
const START = Math.floor((Date.now() - 3_600_000) / FIVE) * FIVE;

const requests = Array.from({ length: 100 }, (_, n) => ({
  ...{ timestamp: START + n * 1_000, type: 'performance', service: 'api', endpoint: '/menu', method: 'GET' },
  ...{ statusCode: 200, duration: n + 1, level: n < 10 ? 'error' : 'info', message: `GET /menu 200 in ${n + 1} ms` },
}));
const rating = (n: number) => ({
  ...{ timestamp: START + FIVE + n, type: 'performance', service: 'web', endpoint: '/rate', duration: 500 },
  message: 'rated',
});
const security = (event: string, severity: string, ip: string) => ({
  ...{ timestamp: START + 5, type: 'security', event, severity, ip, level: 'warn', message: event },
});
const business = (userId: string | undefined, event: string, at: number) => ({
  ...{ timestamp: START + at, type: 'business', event, userId, message: event },
});
const RECORDS = [
  ...requests,
  rating(0),
  rating(1),
  ...['1', '2', '2'].map((end) => security('failed_authentication', 'high', `203.0.113.${end}`)),
  security('unauthorized_access', 'low', '203.0.113.9'),
  // Ada does all three, Bo two, Cleo the last before the first, Dan too late.
  business('ada', 'user_registration', 1_000),
  business('ada', 'restaurant_rating', 2_000),
  business('ada', 'order_placed', FIVE + 3_000),
  business('bo', 'user_registration', FIVE + 1_000),
  business('bo', 'restaurant_rating', FIVE + 2_000),
  business('cleo', 'order_placed', 1_000),
  business('cleo', 'user_registration', 2_000),
  business('dan', 'user_registration', 0),
  business('dan', 'restaurant_rating', 2 * FIVE + 1_000),
  business(undefined, 'order_placed', 1_000),
];

beforeAll(async () => {
  store = await startTestTelemetry();
  const started = await startTestIngest({ telemetry: store.telemetry });
  ingest = started.ingest;
  stopIngest = started.stop;
  app = await createHttpServer({ log: silentLog, version: '0.0.0' });
  analysisRoutes(app, { telemetry: store.telemetry, guard: openGuard, clock: systemClock });
  const search = createLogSearch(store.telemetry, systemClock);
  logsRoutes(app, { search: () => search, tail: ingest.tail, guard: openGuard, clock: systemClock });
  const body = Buffer.from(RECORDS.map((record) => JSON.stringify(record)).join('\n'));
  expect((await ingest.accept({ body, format: 'ndjson', project: '1' })).rejected).toEqual([]);
  await until(() => ingest.watermark() === undefined);
});

afterAll(async () => {
  await app?.close();
  await stopIngest?.();
  await store?.stop();
});

async function get<Answer>(path: string, query: Record<string, string> = {}): Promise<Answer> {
  const range = { from: String(START), to: String(START + 3 * FIVE), ...query };
  const response = await app.inject({ url: `/api/v1/${path}`, query: range });
  expect(response.statusCode, response.body).toBe(200);
  return response.json<Answer>();
}

it('error rate: lines and errors of each step, of all services or one', async () => {
  const all = await get<ErrorRateAnalysis>('analyses/error-rate');
  expect(all).toMatchObject({ from: new Date(START).toISOString(), stepMs: FIVE, steps: 3 });
  expect([all.lines, all.errors]).toEqual([
    [100 + 4 + 6, 2 + 3, 1],
    [10, 0, 0],
  ]);
  expect((await get<ErrorRateAnalysis>('analyses/error-rate', { service: 'web' })).lines).toEqual([0, 2, 0]);
});

it('endpoints: the slowest on average first, with percentiles to within 2 %', async () => {
  const { items } = await get<EndpointAnalysis>('analyses/endpoints');
  expect(items).toMatchObject([
    { endpoint: '/rate', count: 2, avg: 500, max: 500 },
    { endpoint: '/menu', count: 100, avg: 50.5, max: 100 },
  ]);
  expect(Math.abs((items[1]?.p95 ?? 0) / 95 - 1)).toBeLessThan(0.021);
  expect(items[1]?.series?.map((value) => value === null)).toEqual([false, true, true]);
});

it('security: events by kind and severity with different addresses', async () => {
  const { items } = await get<SecurityAnalysis>('analyses/security');
  expect(items).toEqual([
    { event: 'failed_authentication', severity: 'high', count: 3, addresses: 2, series: [3, 0, 0] },
    { event: 'unauthorized_access', severity: 'low', count: 1, addresses: 1, series: [1, 0, 0] },
  ]);
});

it('business: events by name over time', async () => {
  const { items } = await get<BusinessAnalysis>('analyses/business');
  expect(items).toEqual([
    { event: 'user_registration', count: 4, series: [3, 1, 0] },
    { event: 'order_placed', count: 3, series: [2, 1, 0] },
    { event: 'restaurant_rating', count: 3, series: [1, 1, 1] },
  ]);
});

it('funnel: people who did all steps in order within the time, by when they began', async () => {
  const funnel = await get<FunnelAnalysis>('analyses/funnel', { within: '10m' });
  expect(funnel.items.map(({ event, people, series }) => [event, people, series])).toEqual([
    ['user_registration', 4, [3, 1, 0]],
    ['restaurant_rating', 2, [1, 1, 0]],
    ['order_placed', 1, [1, 0, 0]],
  ]);
  expect(funnel.items.map(({ events }) => events)).toEqual([4, 3, 3]);
  expect([funnel.anonymous, funnel.withinMs]).toEqual([1, 600_000]);
  const longer = await get<FunnelAnalysis>('analyses/funnel', { events: 'user_registration,restaurant_rating' });
  expect(longer.items.map(({ people }) => people)).toEqual([4, 3]);
});

it('counts what pages tell of beside the log: people by their id, or by their tab', async () => {
  const tell = (sessionId: string, ...events: Record<string, unknown>[]) =>
    ingest.acceptRum({
      body: Buffer.from(JSON.stringify({ sessionId, sentAt: Date.now(), service: 'shop', events })),
      ...{ project: '1', device: 'desktop', country: null, userAgent: null, rules: [] },
    });
  const event = (name: string, at: number, userId?: string) => ({ kind: 'event', name, at: START + at, userId });
  await tell('one', event('menu_opened', 500, 'ada'), event('menu_opened', 500, 'cleo'));
  await tell('two', event('menu_opened', 100), event('table_chosen', 200));
  await until(() => ingest.watermark() === undefined);
  const told = await get<FunnelAnalysis>('analyses/funnel', { events: 'menu_opened,user_registration,order_placed' });
  expect(told.items.map(({ people, events }) => [people, events])).toEqual([
    [3, 3],
    [2, 4],
    [1, 3],
  ]);
  const alone = await get<FunnelAnalysis>('analyses/funnel', { events: 'menu_opened,table_chosen', service: 'shop' });
  expect(alone.items.map(({ people }) => people)).toEqual([3, 1]);
  const { items } = await get<BusinessAnalysis>('analyses/business');
  expect(items).toContainEqual({ event: 'menu_opened', count: 3, series: [3, 0, 0] });
});

it('patterns: what messages have in common, with a query that finds them', async () => {
  const { items, lines, total } = await get<LogPatterns>('logs/patterns');
  expect([lines, total]).toEqual([RECORDS.length, RECORDS.length]);
  const [first] = items;
  expect(first).toMatchObject({ template: 'GET /menu <*> in <*>', count: 100, errors: 10 });
  const found = await get<{ items: unknown[] }>('logs', { q: first?.q ?? '', limit: '200' });
  expect(found.items).toHaveLength(100);
});

it.each([
  ['analyses/funnel?events=', 'events'],
  ['analyses/funnel?within=soon', 'no duration'],
  ['analyses/error-rate?from=2026-01-02&to=2026-01-01', 'before'],
])('refuses %s', async (path, message) => {
  const response = await app.inject({ url: `/api/v1/${path}` });
  expect(response.statusCode).toBe(400);
  expect(response.body).toContain(message);
});
