import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../test/engines.ts';
import { silentLog, startTestIngest, until } from '../../test/ingest.ts';
import { openGuard } from '../../test/support/open-guard.ts';
import { systemClock } from '../lib/clock.ts';
import type { Ingest } from '../observe/ingest/index.ts';
import { createHttpServer } from './server.ts';
import { traceRoutes } from './traces.ts';
import { vitalRoutes } from './vitals.ts';

let store: TestTelemetry;
let ingest: Ingest;
let app: FastifyInstance;
let stopIngest: () => Promise<void>;

const TRACE = '5b8efff798038103d269b633813fc60c';
const now = Date.now();

beforeAll(async () => {
  store = await startTestTelemetry();
  ({ ingest, stop: stopIngest } = await startTestIngest({ telemetry: store.telemetry }));
  app = await createHttpServer({ log: silentLog, version: '0.0.0' });
  const deps = { telemetry: store.telemetry, guard: openGuard, clock: systemClock };
  traceRoutes(app, deps);
  vitalRoutes(app, deps);
  await sendSpans();
  await sendVitals();
});

afterAll(async () => {
  await app?.close();
  await stopIngest?.();
  await store?.stop();
});

async function sendSpans() {
  const span = (spanId: string, name: string, start: number, ms: number, more: object = {}) => ({
    ...{ traceId: TRACE, spanId, name, startTimeUnixNano: `${now - 60_000 + start}000000` },
    endTimeUnixNano: `${now - 60_000 + start + ms}000000`,
    ...more,
  });
  const spans = [
    span('00000000000000a1', 'GET /menu', 0, 120, { kind: 2, status: { code: 2, message: 'late' } }),
    span('00000000000000a2', 'SELECT menu_items', 10, 90, {
      kind: 3,
      parentSpanId: '00000000000000a1',
      attributes: [{ key: 'db.system', value: { stringValue: 'postgresql' } }],
    }),
    span('00000000000000b1', 'GET /menu', 0, 20, { kind: 2, traceId: '11111111111111111111111111111111' }),
  ];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'api' } }] };
  const body = (value: object) => new Uint8Array(Buffer.from(JSON.stringify(value)));
  await ingest.acceptOtlp({
    body: body({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
    form: { signal: 'traces', encoding: 'json' },
    project: '1',
  });
  const line = {
    timestamp: now - 59_950,
    level: 'warn',
    message: 'slow query',
    service: 'api',
    traceId: TRACE,
    spanId: '00000000000000a2',
  };
  const ofRequest = { ...line, message: 'of the request', spanId: null, requestId: 'req-12345678' };
  const lines = [line, { ...ofRequest, message: 'names both' }, { ...ofRequest, traceId: null }];
  const others = [
    { ...ofRequest, message: 'another trace', traceId: '22222222222222222222222222222222' },
    { ...ofRequest, message: 'long ago', traceId: null, timestamp: now - 86_400_000 },
  ];
  for (const one of [...lines, ...others]) await ingest.accept({ body: body(one), format: 'ndjson', project: '1' });
  const elsewhere = { ...ofRequest, message: 'another project', traceId: null };
  await ingest.accept({ body: body(elsewhere), format: 'ndjson', project: '2' });
}

async function sendVitals() {
  const vital = (id: string, value: number, route: string, attribution = {}) => ({
    kind: 'vital',
    id,
    name: 'LCP',
    value,
    route,
    url: 'https://a/b',
    attribution,
  });
  const events = [
    ...[1_000, 2_000, 3_000, 5_000].map((value, index) =>
      vital(`m-${index}`, value, '/menu/:id', value > 2_500 ? { target: '#hero' } : {}),
    ),
    vital('h-1', 900, '/'),
    { kind: 'api_response_time', name: '/api/menu/7', method: 'get', duration: 40, success: true, route: '/' },
    {
      kind: 'api_response_time',
      name: '/api/menu/8',
      method: 'GET',
      duration: 80,
      success: false,
      statusCode: 500,
      route: '/',
    },
    {
      ...{ kind: 'page_load_timing', name: 'navigate', route: '/', totalLoadTime: 800, serverResponse: 90 },
      ...{ dnsLookup: -4, resources: { count: 4, bytes: 90_000, cached: 1, slowest: 'https://a/hero.png' } },
    },
    { kind: 'long_animation_frame', name: 'https://a/app.js', function: 'draw', duration: 260, route: '/' },
    { kind: 'long_animation_frame', name: 'https://a/app.js', function: 'draw', duration: 300, route: '/' },
  ];
  const body = () =>
    new Uint8Array(Buffer.from(JSON.stringify({ id: 'b-1', sessionId: 's', service: 'web', release: '1', events })));
  await ingest.acceptRum({ body: body(), project: '1', device: 'mobile', country: 'DE', userAgent: null, rules: [] });
  await ingest.acceptRum({
    body: body(),
    project: '1',
    device: 'mobile',
    country: 'DE',
    userAgent: null,
    rules: [],
  });
}

async function get(path: string) {
  const answer = await app.inject({ url: path });
  return { status: answer.statusCode, body: answer.json() };
}

it('lists what services do and single traces, and shows one with its spans and log lines', async () => {
  await until(async () => (await get('/api/v1/traces/routes')).body.items[0]?.count === 2);
  expect((await get('/api/v1/traces/routes')).body.items).toEqual([
    { service: 'api', name: 'GET /menu', op: null, count: 2, failed: 0.5, p50: 70, p95: 115, max: 120 },
  ]);
  const slowest = await get('/api/v1/traces?limit=1');
  expect(slowest.body.items).toMatchObject([
    { traceId: TRACE, name: 'GET /menu', durationMs: 120, status: 'error', spans: 2, errors: 1 },
  ]);
  expect((await get('/api/v1/traces?failed=true')).body.items).toHaveLength(1);
  expect((await get('/api/v1/traces?minDurationMs=500')).body.items).toEqual([]);
  await until(async () => (await get(`/api/v1/traces/${TRACE}`)).body.logs?.length === 3);
  const whole = await get(`/api/v1/traces/${TRACE.toUpperCase()}`);
  expect(whole.body).toMatchObject({
    ...{ traceId: TRACE, durationMs: 120, startedAt: new Date(now - 60_000).toISOString() },
    spans: [
      { spanId: '00000000000000a1', parentSpanId: null, offsetMs: 0, status: 'error' },
      { spanId: '00000000000000a2', parentSpanId: '00000000000000a1', offsetMs: 10, durationMs: 90, op: 'db' },
    ],
    errors: [],
  });
  const { logs } = whole.body as { logs: { message: string; level: string; spanId: string | null }[] };
  expect(logs).toContainEqual(
    expect.objectContaining({ message: 'slow query', level: 'warn', spanId: '00000000000000a2' }),
  );
  expect(logs.map(({ message }) => message).sort()).toEqual(['names both', 'of the request', 'slow query']);
});

it.each([
  [`/api/v1/traces/${'0'.repeat(31)}1`, 404, 'unknown_trace'],
  ['/api/v1/traces/nonsense', 400, 'invalid_request'],
  ['/api/v1/traces?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 400, 'invalid_range'],
  ['/api/v1/vitals?by=colour', 400, 'invalid_request'],
])('%s is refused with %i %s', async (path, status, code) => {
  expect(await get(path)).toMatchObject({ status, body: { error: { code } } });
});

it('gives p75, shares and causes of vitals, each view once, and API calls by template', async () => {
  await until(async () => (await get('/api/v1/vitals')).body.total.views === 5);
  const { body } = await get('/api/v1/vitals');
  expect(body.items).toEqual([
    {
      key: '/menu/:id',
      views: 4,
      vitals: [
        {
          name: 'LCP',
          p75: 3_500,
          rating: 'needs-improvement',
          count: 4,
          good: 0.5,
          needsImprovement: 0.25,
          poor: 0.25,
        },
      ],
    },
    {
      key: '/',
      views: 1,
      vitals: [{ name: 'LCP', p75: 900, rating: 'good', count: 1, good: 1, needsImprovement: 0, poor: 0 }],
    },
  ]);
  expect((await get('/api/v1/vitals?by=device')).body.items.map((group: { key: string }) => group.key)).toEqual([
    'mobile',
  ]);
  expect((await get('/api/v1/vitals?route=/&by=release')).body.items).toMatchObject([{ key: '1', views: 1 }]);
  expect((await get('/api/v1/vitals/causes?name=LCP')).body.items).toEqual([{ cause: '#hero', p75: 4_500, count: 2 }]);
  expect((await get('/api/v1/vitals?by=country')).body.items.map((group: { key: string }) => group.key)).toEqual([
    'DE',
  ]);
  expect((await get('/api/v1/vitals?country=FR')).body.total.views).toBe(0);
  expect((await get('/api/v1/vitals/timings')).body.items).toEqual([
    { method: 'GET', name: '/api/menu/:id', count: 2, p75: 70, failed: 0.5 },
  ]);
  expect((await get('/api/v1/vitals/timings?device=desktop')).body.items).toEqual([]);
  expect((await get('/api/v1/vitals/frames')).body.items).toEqual([
    { script: 'https://a/app.js', function: 'draw', count: 2, sessions: 1, p75: 290 },
  ]);
  expect((await get('/api/v1/vitals/loads?country=DE')).body).toEqual({
    count: 1,
    phases: {
      ...{ dnsLookup: null, tcpConnection: null, serverResponse: 90 },
      ...{ domProcessing: null, resourceLoading: null, totalLoadTime: 800 },
    },
    resources: { files: 4, bytes: 90_000, cached: 0.25 },
  });
  expect((await get('/api/v1/vitals/loads?country=FR')).body).toMatchObject({ count: 0, resources: null });
});

it('compares two releases: a planted slowdown is named, chance and small samples are not', async () => {
  // Largest contentful paint is half a second slower in 2.1.0, time to first byte is the same, layout shift too rare.
  await store.telemetry.command(`INSERT INTO web_vital_rows (timestamp, updatedAt, id, project, release, name, value, rating, route)
    SELECT fromUnixTimestamp64Milli(${now} - if(n < 1000, 7200000, 3600000) + n) AS timestamp, timestamp, concat('c-', toString(n), name), '1',
      if(n < 1000, '2.0.0', '2.1.0') AS release, name,
      multiIf(name = 'LCP', 1500 + n % 1000 + if(n < 1000, 0, 500), name = 'TTFB', 100 + n * 37 % 400, 0.1), 'good', '/compared'
    FROM (SELECT number AS n, arrayJoin(['LCP', 'TTFB', 'CLS']) AS name FROM numbers(1600)) WHERE name != 'CLS' OR n % 100 = 0`);
  const { body } = await get('/api/v1/vitals/compare?route=/compared');
  expect(body).toMatchObject({ before: '2.0.0', after: '2.1.0' });
  expect(body.releases).toMatchObject([
    { release: '2.1.0', views: 600 },
    { release: '2.0.0', views: 1_000 },
  ]);
  const lcp = body.items[0];
  expect(lcp).toMatchObject({ name: 'LCP', verdict: 'worse', before: { count: 1_000, p75: 2_249.25 } });
  expect(lcp.after).toMatchObject({ count: 600, p75: 2_449.25, rating: 'good' });
  expect(lcp.difference).toBeCloseTo(200);
  expect(lcp.before.low).toBeGreaterThan(2_200);
  expect(lcp.before.high).toBeLessThan(2_300);
  expect(body.items.slice(1)).toMatchObject([
    { name: 'CLS', verdict: 'too-few', before: { count: 10 }, after: { count: 6 } },
    { name: 'TTFB', verdict: 'no-difference' },
  ]);
  const back = await get('/api/v1/vitals/compare?route=/compared&before=2.1.0&after=2.0.0');
  expect(back.body.items[0]).toMatchObject({ verdict: 'better', difference: expect.closeTo(-200) });
  const alone = await get('/api/v1/vitals/compare?route=/menu/:id');
  expect(alone.body).toMatchObject({ before: null, after: '1', items: [] });
});
