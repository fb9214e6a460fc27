import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { monitorHistoryRoutes } from '../../src/http/monitor-history.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import type { Log } from '../../src/lib/log.ts';
import { uuidv7 } from '../../src/lib/random.ts';
import { createAvailability } from '../../src/observe/uptime/availability.ts';
import { checkRow } from '../../src/observe/uptime/check-row.ts';
import { getMonitor } from '../../src/observe/uptime/list-monitors.ts';
import { NO_RECORD } from '../../src/observe/uptime/monitor-record.ts';
import { storeChanges, storeMonitors } from '../../src/observe/uptime/state-store.ts';
import { httpMonitor } from '../../src/observe/uptime/testing/monitors.ts';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from '../engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const NOW = Date.UTC(2026, 0, 20, 12);
const MINUTE = 60_000;

let state: TestState;
let telemetry: TestTelemetry;
let app: FastifyInstance;

const shop = httpMonitor('https://yumzoom.app/', { id: 'shop', name: 'Shop', badge: true });
const quiet = httpMonitor('https://yumzoom.app/x', { id: 'quiet', name: 'Quiet, "too"' });

beforeAll(async () => {
  [state, telemetry] = await Promise.all([startTestState(), startTestTelemetry()]);
  await storeMonitors(state.db, [shop, quiet], NOW);
  await storeChecks();
  const change = (from: 'up' | 'down', to: 'up' | 'down', at: number) => ({
    monitorId: 'shop',
    record: { ...NO_RECORD, state: 'up' as const, since: at, certificateDays: 40, recent: [120, null, 90] },
    nextCheckAt: null,
    transition: { from, to, at, reason: 'Refused.' },
  });
  await storeChanges(state.db, [change('up', 'down', NOW - 50 * MINUTE), change('down', 'up', NOW - 40 * MINUTE)]);
  const clock = new FakeClock(NOW);
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  monitorHistoryRoutes(app, {
    guard: () => async (request) => {
      if (request.headers.authorization === undefined) throw new YumOpsError('unauthenticated', 'No.', { status: 401 });
      request.reach = null;
    },
    clock,
    db: state.db,
    telemetry: telemetry.telemetry,
    availability: createAvailability({ db: state.db, telemetry: telemetry.telemetry }, clock),
  });
});

afterAll(async () => {
  await app?.close();
  await Promise.all([state?.stop(), telemetry?.stop()]);
});

/** 100 checks a minute apart from two places; 10 of them fail, and 20 are made while work is planned. */
async function storeChecks(): Promise<void> {
  const rows = Array.from({ length: 100 }, (_, index) => {
    const startedAt = NOW - (100 - index) * MINUTE;
    const ok = index < 50 || index >= 60;
    const durationMs = index + 1;
    const phases = { dns: 1, connect: 2, tls: null, firstByte: durationMs - 3, body: null };
    const check = checkRow({
      id: uuidv7(startedAt),
      monitor: shop,
      result: {
        verdict: ok ? 'up' : 'down',
        reason: ok ? null : 'Refused.',
        durationMs,
        phases,
        statusCode: ok ? 200 : null,
        certificate: null,
        evidence: null,
        named: [],
      },
      state: ok ? 'up' : 'down',
      startedAt,
      previousAt: startedAt - MINUTE,
      location: index % 2 === 0 ? 'local' : 'fra',
    });
    return JSON.stringify(index >= 80 ? { ...check, state: 'maintenance' } : check);
  });
  await telemetry.telemetry.insert('check_results', Buffer.from(rows.join('\n')), {
    token: 't',
    rowCount: rows.length,
  });
}

async function get(url: string, status = 200, headers: Record<string, string> = { authorization: 'x' }) {
  const response = await app.inject({ url, headers });
  expect(response.statusCode, response.body).toBe(status);
  return response;
}

test('percentiles of good checks by phase, by place and over time', async () => {
  const history = (await get('/api/v1/monitors/Shop/history')).json();
  expect(history.step).toBe(900);
  expect(history.phases).toEqual([
    { phase: 'total', p50: 45.5, p95: 95.55, p99: 99.11 },
    { phase: 'dns', p50: 1, p95: 1, p99: 1 },
    { phase: 'connect', p50: 2, p95: 2, p99: 2 },
    { phase: 'tls', p50: null, p95: null, p99: null },
    { phase: 'firstByte', p50: 42.5, p95: 92.55, p99: 96.11 },
    { phase: 'body', p50: null, p95: null, p99: null },
  ]);
  expect(history.locations).toMatchObject([
    { location: 'fra', checks: 50, failed: 5 },
    { location: 'local', checks: 50, failed: 5 },
  ]);
  expect(history.points.reduce((sum: number, { checks }: { checks: number }) => sum + checks, 0)).toBe(100);
  const part = (
    await get('/api/v1/monitors/shop/history?location=fra&from=2026-01-20T11:00:00Z&to=2026-01-20T11:10:00Z')
  ).json();
  expect(part.locations).toMatchObject([{ location: 'fra', checks: 5, failed: 0 }]);
  expect((await get('/api/v1/monitors/shop/history?from=2026-01-21T00:00:00Z', 400)).json().error.code).toBe(
    'empty_span',
  );
});

test('a monitor without checks has no figures, and no error', async () => {
  const history = (await get('/api/v1/monitors/quiet/history')).json();
  expect(history).toMatchObject({ locations: [], points: [] });
  expect(history.phases[0]).toEqual({ phase: 'total', p50: null, p95: null, p99: null });
  expect((await get('/api/v1/monitors/quiet/sla')).json().items[0]).toMatchObject({
    period: '7d',
    uptime: null,
    up: 0,
    outages: 0,
  });
});

test('availability leaves planned work out and counts outages', async () => {
  const { items } = (await get('/api/v1/monitors/shop/sla')).json();
  expect(items.find(({ period }: { period: string }) => period === '2026-01')).toEqual({
    period: '2026-01',
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-01-20T12:00:00.000Z',
    uptime: 87.5,
    up: 70 * 60,
    down: 10 * 60,
    planned: 20 * 60,
    outages: 1,
    longest: 600,
  });
  const all = (await get('/api/v1/sla?month=2026-01')).json().items;
  expect(all).toMatchObject([
    { monitor: 'shop', name: 'Shop', uptime: 87.5, planned: 1_200 },
    { monitor: 'quiet', uptime: null },
  ]);
  const part = (await get('/api/v1/sla?from=2026-01-20T00:00:00Z&to=2026-01-21T00:00:00Z')).json().items;
  expect(part).toMatchObject([{ monitor: 'shop', period: 'range', uptime: 87.5, outages: 1 }, { uptime: null }]);
  const earlier = (await get('/api/v1/sla?from=2026-01-18T00:00:00Z&to=2026-01-19T00:00:00Z')).json().items;
  expect(earlier).toMatchObject([{ uptime: null, outages: 0 }, { uptime: null }]);
  expect((await get('/api/v1/sla?month=2026-13', 400)).json().error.code).toBe('invalid_month');
});

test('both are had as CSV', async () => {
  const sla = await get('/api/v1/sla.csv?month=2026-01');
  expect(sla.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(sla.body.split('\r\n').slice(0, 3)).toEqual([
    'monitor,name,period,from,to,uptime,up,down,planned,outages,longest',
    'shop,Shop,2026-01,2026-01-01T00:00:00.000Z,2026-01-20T12:00:00.000Z,87.5,4200,600,1200,1,600',
    'quiet,"Quiet, ""too""",2026-01,2026-01-01T00:00:00.000Z,2026-01-20T12:00:00.000Z,,0,0,0,0,0',
  ]);
  const checks = (await get('/api/v1/checks.csv?monitor=shop')).body.split('\r\n');
  expect(checks).toHaveLength(102);
  expect(checks[1]).toBe('2026-01-20T11:59:00.000Z,Shop,fra,true,100,1,2,,97,,200,');
  await get('/api/v1/sla.csv', 401, {});
});

test('badges are public for monitors that say so, and for no other', async () => {
  const badge = await get('/badge/shop/state.svg', 200, {});
  expect(badge.headers['content-type']).toBe('image/svg+xml; charset=utf-8');
  expect(badge.body).toContain('<title>Shop: up</title>');
  expect((await get('/badge/shop/uptime.svg?label=90%20days', 200, {})).body).toContain(
    '<title>90 days: 87.5 %</title>',
  );
  expect((await get('/badge/shop/response.svg', 200, {})).body).toContain('<title>Shop: 90 ms</title>');
  expect((await get('/badge/shop/certificate.svg', 200, {})).body).toContain('<title>Shop: 40 days</title>');
  expect((await get('/badge/quiet/state.svg', 404, {})).json().error.code).toBe('badge_not_found');
  await get('/badge/nobody/state.svg', 404, {});
  await get('/badge/shop/other.svg', 400, {});
});

test('a monitor of another project that takes an id begins with an empty history; one of the same project goes on', async () => {
  const of = (project: string) => [{ ...shop, project }, quiet];
  const shown = async () => {
    const { items } = (await get('/api/v1/sla?from=2026-01-20T00:00:00Z&to=2026-01-21T00:00:00Z')).json();
    const history = (await get('/api/v1/monitors/shop/history')).json();
    const detail = await getMonitor(
      { db: state.db, telemetry: telemetry.telemetry },
      { availability: new Map(), publicUrl: '' },
      'shop',
      NOW,
    );
    return {
      uptime: items[0].uptime,
      outages: [items[0].outages, detail.incidents.length],
      checks: history.locations.length,
      rows: (await get('/api/v1/checks.csv?monitor=shop')).body.trimEnd().split('\r\n').length - 1,
      days: detail.bars.filter(({ up }) => up !== null).length,
      recent: detail.recent.length,
    };
  };
  const whole = await shown();
  expect(whole).toMatchObject({ outages: [1, 1], checks: 2, rows: 100, days: 1 });
  // It is removed, and comes back as it was.
  await storeMonitors(state.db, [quiet], NOW);
  await storeMonitors(state.db, [shop, quiet], NOW);
  expect(await shown()).toEqual({ ...whole, recent: 0 });
  // It was of the whole installation, and is given to its first project.
  await storeMonitors(state.db, of('first'), NOW);
  expect(await shown()).toEqual({ ...whole, recent: 0 });
  const nothing = { uptime: null, outages: [0, 0], checks: 0, rows: 0, days: 0, recent: 0 };
  await storeMonitors(state.db, [quiet], NOW);
  await storeMonitors(state.db, of('another'), NOW);
  expect(await shown()).toEqual(nothing);
  const availability = createAvailability({ db: state.db, telemetry: telemetry.telemetry }, new FakeClock(NOW));
  expect((await availability.read()).has('shop')).toBe(false);
  // Also when it changes hands without a time between.
  await storeMonitors(state.db, of('third'), NOW + MINUTE);
  expect(await shown()).toEqual(nothing);
});
