import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AlertRig, START } from '../../test/support/alert-rig.ts';
import { alertingApp } from '../../test/support/alerting-app.ts';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import type { Db } from '../lib/db.ts';
import { alertRoutes } from './alerts.ts';
import { silenceRoutes } from './silences.ts';

const CONFIG = `
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 30s, severity: critical, eval_interval: 15s, notifications: [{slack: "#ops"}]}
`;

let server: StateServer;
let db: Db;
let app: FastifyInstance;
let rig: AlertRig;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(() => server.stop());

beforeEach(async () => {
  ({ db } = await server.database());
  const { alerting, clock, ...rest } = await alertingApp(db, CONFIG);
  ({ app, rig } = rest);
  const guard = () => async (request: { principal?: unknown; reach?: unknown }) => {
    request.reach = null;
    request.principal = { id: '1', name: 'ada@yumzoom.com', role: 'responder', kind: 'person' };
  };
  silenceRoutes(app, { silences: alerting.silences, guard: guard as never });
  alertRoutes(app, { alerting, guard: guard as never, clock });
  rig.gauge('load', 0, 900, 15, 9);
  await rig.until(20);
});

afterEach(async () => {
  await app.close();
  await server.closeDatabases();
});

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const response = await app.inject({ method, url, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.body === '' ? null : response.json() };
}

const MATCHERS = ['alertname="Load"'];

test('previews, silences, shows what is muted and why, and ends; all of it is audited', async () => {
  const preview = await ask('POST', '/api/v1/silences/preview', { matchers: MATCHERS });
  expect(preview.body.items).toMatchObject([{ rule: 'Load', mutedBy: null }]);
  const end = new Date(START + 3_600_000).toISOString();
  const made = await ask('POST', '/api/v1/silences', { matchers: MATCHERS, end, reason: 'deploy' });
  expect(made).toMatchObject({
    status: 201,
    body: { state: 'active', matchers: MATCHERS, endsAt: end, author: 'ada@yumzoom.com', untilResolved: false },
  });
  const muted = `silenced by ada@yumzoom.com until ${end}: deploy`;
  const [alert] = (await ask('GET', '/api/v1/alerts')).body.items;
  expect(alert.mutedBy).toBe(muted);
  expect((await ask('GET', `/api/v1/alerts/${alert.id}`)).body.mutedBy).toBe(muted);
  expect((await ask('GET', '/api/v1/silences')).body.items).toMatchObject([{ id: made.body.id, state: 'active' }]);
  expect((await ask('DELETE', `/api/v1/silences/${made.body.id}`)).status).toBe(204);
  expect((await ask('GET', '/api/v1/silences')).body.items).toMatchObject([
    { state: 'ended', endedBy: 'ada@yumzoom.com' },
  ]);
  expect((await ask('GET', '/api/v1/alerts')).body.items[0].mutedBy).toBeNull();
  const rows = await db.query('SELECT actor, action, target FROM audit_log ORDER BY at, action');
  expect(rows.map((row) => `${row['actor']} ${row['action']} ${row['target']}`)).toEqual([
    `ada@yumzoom.com silence.add ${made.body.id}`,
    `ada@yumzoom.com silence.end ${made.body.id}`,
  ]);
});

test('until resolved needs no end', async () => {
  const made = await ask('POST', '/api/v1/silences', { matchers: MATCHERS, untilResolved: true, reason: 'known' });
  expect(made).toMatchObject({ status: 201, body: { state: 'active', endsAt: null, untilResolved: true } });
});

const END = new Date(START + 60_000).toISOString();

test.each([
  [{ matchers: MATCHERS, reason: 'x' }, 'invalid_silence'],
  [{ matchers: MATCHERS, reason: 'x', end: END, untilResolved: true }, 'invalid_silence'],
  [{ matchers: MATCHERS, reason: '', end: END }, 'invalid_silence'],
  [{ matchers: MATCHERS, end: END }, 'invalid_request'],
  [{ matchers: [], reason: 'x', end: END }, 'invalid_request'],
  [{ matchers: ['load'], reason: 'x', end: END }, 'invalid_matcher'],
  [{ matchers: MATCHERS, reason: 'x', end: '2030-01-01T00:00:00Z' }, 'silence_too_long'],
])('%j is refused with 400 %s', async (body, code) => {
  expect(await ask('POST', '/api/v1/silences', body)).toMatchObject({ status: 400, body: { error: { code } } });
});

test('a silence that does not exist is 404', async () => {
  expect(await ask('DELETE', '/api/v1/silences/none')).toMatchObject({
    status: 404,
    body: { error: { code: 'unknown_silence' } },
  });
});
