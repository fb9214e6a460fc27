import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { pingRoutes } from '../../src/http/ping.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import type { HeartbeatMonitorConfig } from '../../src/observe/uptime/kinds/heartbeat/config.ts';
import { listMonitors } from '../../src/observe/uptime/list-monitors.ts';
import { monitorOf, noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { createUptime, type Uptime } from '../../src/observe/uptime/uptime.ts';
import { startTestState, type TestState } from '../engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const TOKEN = 'nightly-backup-0123456789';

let state: TestState;
let app: FastifyInstance;
let uptime: Uptime;
let rows: { table: string; row: TelemetryRow }[];

beforeAll(async () => {
  state = await startTestState();
});
afterAll(() => state?.stop());

beforeEach(async () => {
  await state.db.query('TRUNCATE monitors, monitor_states, monitor_events, heartbeats');
  rows = [];
});
afterEach(async () => {
  await uptime?.stop();
  await app?.close();
});

const nightly = (keys: Record<string, unknown> = {}) =>
  monitorOf({ kind: 'heartbeat', name: 'Nightly', every: '60m', token: TOKEN, ...keys }) as HeartbeatMonitorConfig;

async function start(monitor: HeartbeatMonitorConfig = nightly()): Promise<void> {
  const append = async (table: string, added: readonly TelemetryRow[]) => {
    rows.push(...added.map((row) => ({ table, row })));
  };
  const defaults = { db: state.db, writer: { append }, targets: {}, clock: systemClock, log: silent };
  uptime = createUptime({ ...defaults, monitors: [monitor], postgres: noPostgres, journeys: noJourneys });
  await uptime.start();
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  pingRoutes(app, uptime);
}

async function seen() {
  const view = { availability: new Map<string, number>(), publicUrl: 'https://ops.test' };
  return (await listMonitors(state.db, view)).items[0];
}

const eventually = <T>(expectation: () => T | Promise<T>) => vi.waitFor(expectation, { timeout: 25_000 });
const beat = (path = '', options: { method?: 'GET' | 'HEAD' | 'POST'; payload?: string | Buffer } = {}) =>
  app.inject({ url: `/ping/${TOKEN}${path}`, ...options });

test('a job that never called is pending; a beat makes it up, a failure down at once, a good end up again', async () => {
  await start();
  expect(await seen()).toMatchObject({ state: 'pending', pingUrl: `https://ops.test/ping/${TOKEN}` });
  expect((await beat()).body).toBe('OK\n');
  await eventually(async () => expect(await seen()).toMatchObject({ state: 'up', reason: null }));
  await beat('/3', { method: 'POST', payload: 'copying\nno space left on device\n' });
  await eventually(async () =>
    expect(await seen()).toMatchObject({
      state: 'down',
      reason: expect.stringMatching(/it failed with exit code 3 at .* UTC: "no space left on device"\.$/),
    }),
  );
  await beat('/start');
  await beat('/0');
  await eventually(async () => expect((await seen())?.state).toBe('up'));
  await uptime.stop();
  const checkIns = rows.filter(({ table }) => table === 'check_ins').map(({ row }) => row);
  expect(checkIns.map(({ slug, status, exitCode }) => [slug, status, exitCode])).toEqual([
    ['nightly', 'success', null],
    ['nightly', 'fail', 3],
    ['nightly', 'start', null],
    ['nightly', 'success', 0],
  ]);
  expect(checkIns[3]?.['durationMs']).toBeGreaterThanOrEqual(0);
});

test('HEAD counts like GET, and neither where only POST does', async () => {
  await start();
  expect(await beat('', { method: 'HEAD' })).toMatchObject({ statusCode: 200, body: '' });
  await eventually(async () => expect((await seen())?.state).toBe('up'));
  await uptime.reload({ targets: {}, monitors: [nightly({ post_only: true })] });
  for (const method of ['GET', 'HEAD'] as const) {
    const { statusCode, headers } = await beat('/fail', { method });
    expect([statusCode, headers['allow']]).toEqual([405, 'POST']);
  }
  expect((await beat('')).json().error).toEqual({
    code: 'post_only',
    message: 'This heartbeat takes POST alone; GET does not count.',
    hint: 'Let the job call it with POST (`curl -X POST`), or remove post_only from the monitor.',
  });
  expect((await seen())?.state).toBe('up');
  expect((await beat('/fail', { method: 'POST' })).statusCode).toBe(200);
  await eventually(async () => expect((await seen())?.state).toBe('down'));
});

test('a token that nobody has gets 404, an action that there is not 400', async () => {
  await start();
  const unknown = await app.inject({ url: '/ping/not-a-token' });
  expect(unknown.statusCode).toBe(404);
  expect(unknown.json()).toEqual({
    error: {
      code: 'heartbeat_not_found',
      message: 'There is no heartbeat with this token.',
      hint: 'The address is the `pingUrl` of the monitor: see GET /api/v1/monitors.',
    },
  });
  for (const wrong of ['/stop', '/', '/256', '/999', '/-1']) expect((await beat(wrong)).statusCode).toBe(400);
  expect((await seen())?.state).toBe('pending');
});

test('a beat that is missing is down, and a beat is missed too while nothing runs', async () => {
  const quick = nightly({ every: '1s', grace: '500ms' });
  await start(quick);
  await beat();
  await eventually(async () => expect((await seen())?.state).toBe('up'));
  await eventually(async () =>
    expect(await seen()).toMatchObject({ state: 'down', reason: expect.stringContaining('a beat every 1 s') }),
  );
  await beat();
  await eventually(async () => expect((await seen())?.state).toBe('up'));
  await uptime.stop();
  await app.close();
  const longAgo = systemClock.now() - 60_000;
  await state.db.query("UPDATE heartbeats SET beats = jsonb_set(beats, '{endedAt}', $1)", [String(longAgo)]);
  await state.db.query("UPDATE monitor_states SET state = 'up', reason = NULL");
  await start(quick);
  await eventually(async () => expect((await seen())?.state).toBe('down'));
});

test('a long output of any type is taken, and its end kept', async () => {
  await start();
  const payload = Buffer.concat([Buffer.alloc(3_000_000, 'x'), Buffer.from([0]), Buffer.from('the end')]);
  expect((await beat('/fail', { method: 'POST', payload })).statusCode).toBe(200);
  await eventually(async () => expect((await seen())?.state).toBe('down'));
  const [row] = await state.db.query<{ output: string }>("SELECT beats->>'output' AS output FROM heartbeats");
  expect(row?.output).toHaveLength(4_095);
  expect(row?.output.endsWith('xthe end')).toBe(true);
});

test('a token that is made is kept over restarts; one that is configured takes its place', async () => {
  await start(nightly({ token: undefined }));
  const made = (await seen())?.pingUrl;
  expect(made).toMatch(/^https:\/\/ops\.test\/ping\/[0-9a-f]{32}$/);
  const config = { targets: {} };
  await uptime.reload({ ...config, monitors: [nightly({ token: undefined, grace: '1m' })] });
  expect((await seen())?.pingUrl).toBe(made);
  await uptime.reload({ ...config, monitors: [nightly()] });
  expect((await seen())?.pingUrl).toBe(`https://ops.test/ping/${TOKEN}`);
  await uptime.reload({ ...config, monitors: [] });
  expect(await state.db.query('SELECT * FROM heartbeats')).toEqual([]);
});

test('signals that come at one time are taken one after the other', async () => {
  await start();
  await Promise.all(Array.from({ length: 20 }, () => beat('/start')));
  await beat('/0');
  await eventually(async () => expect((await seen())?.state).toBe('up'));
});
