import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { type Config, loadConfig } from '../../src/config/index.ts';
import { monitorEditorRoutes } from '../../src/http/monitor-editor.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock, systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { createSeal } from '../../src/lib/seal.ts';
import type { HttpMonitorConfig, MonitorConfig } from '../../src/observe/uptime/config.ts';
import { createStoredMonitors, type StoredMonitors } from '../../src/observe/uptime/stored/stored-monitors.ts';
import { noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { serveHttp } from '../../src/observe/uptime/testing/servers.ts';
import { createUptime } from '../../src/observe/uptime/uptime.ts';
import { startTestState, type TestState } from '../engines.ts';
import { openGuard } from '../support/open-guard.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

let state: TestState;
let config: Config;
let stored: StoredMonitors;
let app: FastifyInstance;
/** What the prober was given after each change. */
let applied: string[][];
/** Rows of the audit log before the test: nothing can be taken out of it. */
let audited: number;
const auditRows = () =>
  state.db.query<{ action: string; target: string }>('SELECT action, target FROM audit_log ORDER BY id');

beforeAll(async () => {
  state = await startTestState();
  config = configOf('monitors: [{name: Homepage, url: "https://yumzoom.app"}]');
});
afterAll(() => state?.stop());

beforeEach(async () => {
  await state.db.query('TRUNCATE stored_monitors');
  audited = (await auditRows()).length;
  applied = [];
  const uptime = createUptime({
    ...{ db: state.db, clock: systemClock, log: silent, postgres: noPostgres, journeys: noJourneys },
    ...{ monitors: config.monitors, targets: {}, writer: { append: async () => undefined } },
  });
  stored = createStoredMonitors({
    db: state.db,
    seal: createSeal({ current: 'the key of the installation', previous: [] }, 'monitors'),
    log: silent,
    audit,
    configured: () => config,
    check: (monitor) => uptime.tryOut(monitor),
    async changed() {
      applied.push((await stored.read()).map(({ id }) => id));
    },
  });
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  monitorEditorRoutes(app, { guard: openGuard, clock: new FakeClock(), stored, uptime });
});

function configOf(yaml: string): Config {
  const folder = mkdtempSync(join(tmpdir(), 'yumops-stored-'));
  try {
    writeFileSync(join(folder, 'yumops.yml'), yaml);
    const { config: loaded, findings } = loadConfig({ path: folder, env: {} });
    if (!loaded) throw new Error(JSON.stringify(findings));
    return loaded;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) {
  const response = await app.inject({ method, url, ...(payload ? { payload } : {}) });
  return { status: response.statusCode, body: response.body === '' ? null : response.json() };
}

const SHOP = { name: 'Shop', url: 'https://yumzoom.app/shop', auth: { bearer: 't0ken-t0ken' }, check_interval: 30 };
const only = async () => (await stored.read())[0] as MonitorConfig;

test('a monitor is made, runs at once, and may not reach private addresses unless it says so', async () => {
  expect(await call('POST', '/api/v1/monitors', SHOP)).toEqual({ status: 201, body: { id: 'shop' } });
  expect(applied).toEqual([['shop']]);
  expect(await only()).toMatchObject({ id: 'shop', intervalMs: 30_000, allowPrivate: false });
  await call('PUT', '/api/v1/monitors/shop', { ...SHOP, allow_private: true });
  expect((await only()).allowPrivate).toBe(true);
  expect((await auditRows()).slice(audited)).toEqual([
    { action: 'monitor.create', target: 'shop' },
    { action: 'monitor.update', target: 'shop' },
  ]);
});

test('secrets are sealed at rest, masked when read, and stay when the mask comes back', async () => {
  await call('POST', '/api/v1/monitors', SHOP);
  const [row] = await state.db.query<{ definition: Buffer }>('SELECT definition FROM stored_monitors');
  expect(row?.definition.toString('latin1')).not.toContain('t0ken');
  const { body } = await call('GET', '/api/v1/monitors/shop/definition');
  expect(body).toEqual({ definition: { ...SHOP, auth: { bearer: '[secret]' } } });
  await call('PUT', '/api/v1/monitors/shop', { ...body.definition, check_interval: 45 });
  const monitor = (await only()) as HttpMonitorConfig;
  expect(monitor.intervalMs).toBe(45_000);
  expect(monitor.auth?.kind === 'bearer' && monitor.auth.token.reveal()).toBe('t0ken-t0ken');
});

test('a renamed monitor takes the place of the old one; a removed one is gone', async () => {
  await call('POST', '/api/v1/monitors', SHOP);
  expect((await call('PUT', '/api/v1/monitors/shop', { ...SHOP, name: 'Store' })).body).toEqual({ id: 'store' });
  expect((await call('DELETE', '/api/v1/monitors/store')).status).toBe(204);
  expect(applied).toEqual([['shop'], ['store'], []]);
  expect((await call('DELETE', '/api/v1/monitors/store')).status).toBe(404);
});

test.each<[string, Record<string, unknown>, number, RegExp]>([
  ['an unknown key', { ...SHOP, intervall: 5 }, 400, /intervall/],
  ['no address', { name: 'Shop' }, 400, /url/],
  ['a file of this machine', { ...SHOP, auth: { bearer: 'file:/etc/shadow' } }, 400, /refused: auth\.bearer: /],
  ['a variable of our environment', { ...SHOP, url: `https://$\{HOME}/` }, 400, /HOME is not set/],
  [
    'code',
    { name: 'Journey', kind: 'browser', script: 'export default () => 1' },
    400,
    /is code that runs on this machine/,
  ],
  ['a mask for a secret', { ...SHOP, auth: { bearer: '[secret]' } }, 400, /stands for no secret here/],
  ['the name of one in a file', { ...SHOP, name: 'homepage' }, 409, /There is a monitor "homepage" already/],
])('%s is refused', async (_what, raw, status, message) => {
  const answer = await call('POST', '/api/v1/monitors', raw);
  expect(answer.status).toBe(status);
  expect(answer.body.error.message).toMatch(message);
  expect(applied).toEqual([]);
});

test('two with one name, and a change of one in a file, are refused', async () => {
  await call('POST', '/api/v1/monitors', SHOP);
  expect((await call('POST', '/api/v1/monitors', SHOP)).body.error.code).toBe('monitor_exists');
  expect((await call('PUT', '/api/v1/monitors/homepage', SHOP)).body.error.code).toBe('monitor_in_configuration');
  expect((await call('DELETE', '/api/v1/monitors/homepage')).body.error.code).toBe('monitor_in_configuration');
});

test('a monitor can be tried out before it is stored, and says what it saw', async () => {
  const server = await serveHttp((request, response) => {
    response.writeHead(request.headers.authorization === 'Bearer t0ken-t0ken' ? 200 : 403).end('hello');
  });
  const local = { ...SHOP, url: `${server.url}/`, allow_private: true };
  const { name: _name, ...unnamed } = local;
  const good = await call('POST', '/api/v1/monitors/test', { definition: unnamed });
  expect(good).toMatchObject({ status: 200, body: { verdict: 'up', reason: null, statusCode: 200 } });
  expect(good.body.expectation).toContain('status 200');
  const wrong = await call('POST', '/api/v1/monitors/test', { definition: { ...local, expected_text: 'bye' } });
  expect(wrong.body).toMatchObject({ verdict: 'down', evidence: { body: 'hello' } });
  const { allow_private: _allowed, ...shy } = local;
  expect((await call('POST', '/api/v1/monitors/test', { definition: shy })).body).toMatchObject({
    verdict: 'down',
    reason: expect.stringMatching(/private/),
  });
  // The masked secret of the stored one is meant; the same secret is not sent elsewhere.
  await call('POST', '/api/v1/monitors', local);
  const { body } = await call('GET', '/api/v1/monitors/shop/definition');
  expect(await call('POST', '/api/v1/monitors/test', { ...body, id: 'shop' })).toMatchObject({
    body: { verdict: 'up' },
  });
  const moved = { definition: { ...body.definition, url: 'https://elsewhere.example/' }, id: 'shop' };
  expect((await call('POST', '/api/v1/monitors/test', moved)).body.error.message).toMatch(
    /secrets were not written for elsewhere\.example/,
  );
  expect((await call('PUT', '/api/v1/monitors/shop', moved.definition)).status).toBe(400);
  await server.close();
  const beat = { definition: { name: 'Job', kind: 'heartbeat', every: '1h' } };
  expect((await call('POST', '/api/v1/monitors/test', beat)).body.error.code).toBe('nothing_to_check');
});

test('a monitor is paused and taken up again; its secrets stay', async () => {
  await call('POST', '/api/v1/monitors', SHOP);
  expect((await call('POST', '/api/v1/monitors/shop/pause')).status).toBe(204);
  expect(await only()).toMatchObject({ id: 'shop', paused: true });
  expect((await call('POST', '/api/v1/monitors/shop/resume')).status).toBe(204);
  const monitor = (await only()) as HttpMonitorConfig;
  expect(monitor.paused).toBe(false);
  expect(monitor.auth?.kind === 'bearer' && monitor.auth.token.reveal()).toBe('t0ken-t0ken');
  expect((await call('POST', '/api/v1/monitors/homepage/pause')).body.error.code).toBe('monitor_in_configuration');
  expect((await auditRows()).slice(audited).map(({ action }) => action)).toEqual([
    'monitor.create',
    'monitor.pause',
    'monitor.resume',
  ]);
});
