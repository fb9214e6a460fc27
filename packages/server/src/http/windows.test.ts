import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AlertRig, configOf, START } from '../../test/support/alert-rig.ts';
import { type AlertingApp, alertingApp } from '../../test/support/alerting-app.ts';
import { differences } from '../../test/support/described.ts';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import { audit } from '../access/audit.ts';
import { FakeClock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { createLog } from '../lib/log.ts';
import { createWindows, PlannedChecks, type Windows, type WindowsConfig } from '../respond/windows/index.ts';
import { alertRoutes } from './alerts.ts';
import { windowRoutes } from './windows.ts';

const CONFIG = `
monitors: [{name: Homepage, url: "http://127.0.0.1:9/"}]
maintenance_windows: [{name: Patching, days: [sun], from: "02:00", to: "04:00", monitors: [Homepage]}]
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 30s, severity: critical, eval_interval: 15s, by: [service], notifications: [{slack: "#ops"}]}
`;

let server: StateServer;
let db: Db;
let app: FastifyInstance;
let rig: AlertRig;
let windows: Windows;
let clock: FakeClock;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(() => server.stop());

beforeEach(async () => {
  ({ db } = await server.database());
  clock = new FakeClock(START);
  const config = configOf(CONFIG) as ReturnType<typeof configOf> & WindowsConfig;
  let parts: AlertingApp | undefined;
  windows = createWindows({ db, config: () => config, audit, changed: async () => parts?.alerting.replan() });
  parts = await alertingApp(db, CONFIG, { clock, plannedWork: windows.planned });
  const { alerting } = parts;
  ({ app, rig } = parts);
  const guard = () => async (request: { principal?: unknown; reach?: unknown }) => {
    request.reach = null;
    request.principal = { id: '1', name: 'ada@yumzoom.com', role: 'responder', kind: 'person' };
  };
  windowRoutes(app, { windows, guard: guard as never, clock });
  alertRoutes(app, { alerting, guard: guard as never, clock });
});

afterEach(async () => {
  await app.close();
  await server.closeDatabases();
});

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const response = await app.inject({ method, url, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.body === '' ? null : response.json() };
}

const local = (offsetSeconds: number) => new Date(START + offsetSeconds * 1_000).toISOString().slice(0, 16);

test('work is planned, mutes what begins, and when it is ended early what still fires is told', async () => {
  const body = { name: 'Deploy', from: local(0), to: local(600), services: ['api'], reason: 'new release' };
  const made = await ask('POST', '/api/v1/windows', body);
  expect(made).toMatchObject({
    status: 201,
    body: { name: 'Deploy', kind: 'maintenance', state: 'open', services: ['api'], author: 'ada@yumzoom.com' },
  });
  rig.buckets.samples.push(
    ...Array.from({ length: 40 }, (_, n) => ({
      ...{ series: 'metric:load', at: START + n * 15_000, value: 9, labels: { service: 'api' } },
    })),
  );
  await rig.until(60);
  expect(rig.timeline()).toEqual([]);
  const [alert] = (await ask('GET', '/api/v1/alerts')).body.items;
  expect(alert.mutedBy).toBe(`planned work "Deploy" until ${new Date(START + 600_000).toISOString()}: new release`);
  expect((await ask('DELETE', `/api/v1/windows/${made.body.id}`)).status).toBe(204);
  await rig.until(75);
  expect(rig.timeline()).toEqual(['65 slack #ops firing']);
  expect((await ask('GET', '/api/v1/alerts')).body.items[0].mutedBy).toBeNull();
  const rows = await db.query('SELECT action, target FROM audit_log ORDER BY at, action');
  expect(rows.map((row) => `${row['action']} ${row['target']}`)).toEqual([
    `window.add ${made.body.id}`,
    `window.end ${made.body.id}`,
  ]);
});

test('a message that has not left yet waits when work is planned in the last moment', async () => {
  rig.receivers.answer = () => ({ outcome: 'retry', reason: 'HTTP 503', maybeDelivered: false });
  rig.buckets.samples.push({ series: 'metric:load', at: START, value: 9, labels: { service: 'api' } });
  await rig.until(5);
  expect(rig.receivers.refusals.length).toBeGreaterThan(0);
  await ask('POST', '/api/v1/windows', { name: 'Deploy', from: local(0), for: '10m', kind: 'mute' });
  rig.receivers.answer = () => undefined;
  await rig.until(20);
  expect(rig.timeline()).toEqual([]);
});

test('windows of the configuration are listed first and cannot be ended here', async () => {
  await ask('POST', '/api/v1/windows', { name: 'Nights', from: '22:00', to: '06:00', kind: 'mute' });
  const { items } = (await ask('GET', '/api/v1/windows')).body;
  expect(items).toMatchObject([
    { id: 'patching', times: 'sun 02:00–04:00', monitors: ['Homepage'], author: null, state: 'scheduled' },
    { name: 'Nights', times: 'every day 22:00–06:00', kind: 'mute', start: '2026-01-05T22:00:00.000Z' },
  ]);
  expect(await ask('DELETE', '/api/v1/windows/patching')).toMatchObject({ status: 409 });
  expect(await ask('DELETE', '/api/v1/windows/none')).toMatchObject({ status: 404 });
});

test('the OpenAPI document describes every answer', async () => {
  const path = '/api/v1/windows';
  const made = await ask('POST', path, { name: 'Deploy', from: local(0), for: '1h', matchers: ['team="db"'] });
  expect(differences(app, { method: 'post', path, ...made })).toEqual([]);
  const listed = await ask('GET', path);
  expect(listed.body.items).toHaveLength(2);
  expect(listed.body.items).toContainEqual(made.body);
  expect(differences(app, { method: 'get', path, ...listed })).toEqual([]);
});

test.each([
  [{ name: 'X' }, 'a window has from and to'],
  [{ name: 'X', from: local(0), to: local(-60) }, 'ends before it begins'],
  [{ name: 'X', from: local(-120), to: local(-60) }, 'it is over already'],
  [{ name: 'X', from: local(0), for: '1h', monitors: ['Hompage'] }, 'there is no monitor "Hompage"'],
  [{ name: 'X', from: local(0), for: '1h', timeZone: 'Mars/Base' }, 'there is no time zone "Mars/Base"'],
])('refuses %j', async (body, message) => {
  const { status, body: answer } = await ask('POST', '/api/v1/windows', body);
  expect(status).toBe(400);
  expect(answer.error.message).toContain(message);
  expect(await db.query('SELECT id FROM planned_windows')).toEqual([]);
});

test('the prober learns of planned work on a monitor, and not of mute times', async () => {
  const checks = new PlannedChecks(
    windows,
    clock,
    createLog(clock, () => undefined),
  );
  const homepage = { name: 'Homepage', labels: {}, environment: null };
  await ask('POST', '/api/v1/windows', { name: 'Quiet', from: local(0), for: '1h', kind: 'mute' });
  await checks.refresh();
  expect(checks.covers(homepage, START + 1)).toBe(false);
  await ask('POST', '/api/v1/windows', { name: 'Move', from: local(0), for: '1h', monitors: ['Homepage'] });
  await checks.refresh();
  expect(checks.covers(homepage, START + 1)).toBe(true);
  expect(checks.covers(homepage, START + 3_600_000)).toBe(false);
  expect(checks.covers({ ...homepage, name: 'Api' }, START + 1)).toBe(false);
});
