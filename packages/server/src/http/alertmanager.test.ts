import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AlertRig, START } from '../../test/support/alert-rig.ts';
import { alertingApp } from '../../test/support/alerting-app.ts';
import { differences } from '../../test/support/described.ts';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { IngestKey } from './access.ts';
import { alertmanagerRoutes } from './alertmanager.ts';

const CONFIG = `
alert_settings: {email_notifications: [admin@yumzoom.com]}
pushed_alerts:
  - {matchers: ['team="db"'], notifications: [{slack: "#dba"}], escalation: page}
  - {notifications: [{slack: "#ops"}]}
escalation_policies: {page: [{delay: 0, notify: [slack]}, {delay: 300, notify: [email]}]}
grouping: {by: [alertname], group_wait: 1s, group_interval: 30s}
`;
const KEYS: Record<string, IngestKey> = {
  server: { scope: 'server', project: null },
  one: { scope: 'server', project: '1' },
  browser: { scope: 'public', project: null },
};

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
  const { alerting, ...rest } = await alertingApp(db, CONFIG);
  ({ app, rig } = rest);
  const guard = () => async (request: { headers: Record<string, unknown>; principal?: unknown }) => {
    if (request.headers.authorization !== 'Bearer token')
      throw new YumOpsError('unauthenticated', 'no', { status: 401 });
    request.principal = { id: '1', name: 'ada@yumzoom.com', role: 'responder', kind: 'token' };
  };
  const findIngestKey = async (secret: string) => KEYS[secret];
  alertmanagerRoutes(app, { alerting, guard: guard as never, findIngestKey, version: '1.2.3', startedAt: START });
});

afterEach(async () => {
  await app.close();
  await server.closeDatabases();
});

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: unknown, secret = 'token') {
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await app.inject({
    method,
    url,
    headers,
    ...(payload !== undefined && { payload: payload as object }),
  });
  return { status: answer.statusCode, body: answer.body === '' ? '' : answer.json() };
}

const iso = (t: number) => new Date(START + t * 1_000).toISOString();
const labels = { alertname: 'HighLatency', instance: 'a' };

/** The rig is a process of its own: it only has what is in the database. */
async function until(t: number): Promise<void> {
  rig.boot();
  await rig.until(t);
}

test('what Prometheus sends is told, refreshed, and told to have ended', async () => {
  const firing = {
    labels,
    annotations: { summary: 'slow' },
    startsAt: iso(0),
    endsAt: iso(240),
    generatorURL: 'http://prom/g',
  };
  expect(await ask('POST', '/api/v2/alerts', [firing], 'server')).toEqual({ status: 200, body: '' });
  await until(60);
  await ask('POST', '/api/v2/alerts', [{ ...firing, endsAt: iso(300) }], 'server');
  await until(260);
  await ask('POST', '/api/v2/alerts', [{ ...firing, endsAt: iso(250) }], 'server');
  await until(400);
  expect(rig.timeline()).toEqual(['1 slack #ops firing', '271 slack #ops resolved']);
  expect(rig.receivers.received[0]).toMatchObject({ rule: 'HighLatency', reason: 'first notification' });
});

test('a policy pages for what matches', async () => {
  await ask('POST', '/api/v2/alerts', [{ labels: { alertname: 'Db', team: 'db' }, endsAt: iso(900) }]);
  await until(302);
  expect(rig.timeline().slice(0, 2)).toEqual(['1 slack #dba firing', '300 email admin@yumzoom.com firing']);
});

test('keys and tokens: who may send', async () => {
  const send = async (secret: string) => (await ask('POST', '/api/v2/alerts', [{ labels }], secret)).status;
  expect([await send('server'), await send('token'), await send('browser'), await send('other')]).toEqual([
    200, 200, 403, 401,
  ]);
  const basic = { authorization: `Basic ${Buffer.from('prometheus:server').toString('base64')}` };
  const answer = await app.inject({ method: 'POST', url: '/api/v2/alerts', headers: basic, payload: [{ labels }] });
  expect(answer.statusCode).toBe(200);
  expect((await ask('GET', '/api/v2/alerts', undefined, 'server')).status).toBe(401);
});

test('an alert that cannot be read is named, and takes no other along', async () => {
  const body = [{ labels: {} }, { labels, startsAt: 'soon' }, { labels }, { labels, startsAt: iso(5), endsAt: iso(1) }];
  const { status, body: answer } = await ask('POST', '/api/v2/alerts', body);
  expect(status).toBe(400);
  expect(answer.error).toMatchObject({ code: 'invalid_alert', hint: '1 alerts were taken.' });
  await until(5);
  expect(rig.timeline()).toEqual(['1 slack #ops firing']);
});

test('a key of one project neither begins nor ends alerts of another', async () => {
  const foreign = { labels: { ...labels, project: '2' } };
  const own = { labels: { ...labels, project: '1' } };
  expect((await ask('POST', '/api/v2/alerts', [foreign], 'server')).status).toBe(200);
  const ending = { ...foreign, startsAt: iso(0), endsAt: iso(1) };
  const forged = { labels: { alertname: 'Forged', project: '2' } };
  const { status, body } = await ask('POST', '/api/v2/alerts', [ending, forged, own, { labels }], 'one');
  expect(status).toBe(400);
  expect(body.error).toMatchObject({
    code: 'invalid_alert',
    message: '2 of 4 alerts: number 1: it names project 2, and the key is of project 1',
    hint: '2 alerts were taken.',
  });
  await until(5);
  const listed = (await ask('GET', '/api/v2/alerts?filter=alertname!%3D"x"')).body as {
    labels: object;
    endsAt: string;
  }[];
  expect(listed.map((alert) => alert.labels)).toHaveLength(3);
  expect(listed.find((alert) => 'project' in alert.labels && alert.labels.project === '2')?.endsAt).toBe(iso(300));
});

test('alerts and silences as amtool reads and writes them', async () => {
  await ask('POST', '/api/v2/alerts', [{ labels }, { labels: { alertname: 'Other' } }]);
  await until(5);
  const matchers = [{ name: 'alertname', value: 'High.*', isRegex: true, isEqual: true }];
  const wanted = { matchers, startsAt: iso(0), endsAt: iso(3_600), createdBy: 'amtool', comment: 'deploy' };
  const { body: added } = await ask('POST', '/api/v2/silences', wanted);
  expect((await ask('GET', `/api/v2/silence/${added.silenceID}`)).body).toMatchObject({
    ...{ id: added.silenceID, matchers, comment: 'deploy', status: { state: 'active' }, endsAt: iso(3_600) },
  });
  const alerts = (await ask('GET', '/api/v2/alerts')).body;
  expect(alerts).toMatchObject([
    { labels, startsAt: iso(0), endsAt: iso(300), status: { state: 'suppressed', silencedBy: [added.silenceID] } },
    { labels: { alertname: 'Other' }, status: { state: 'active', silencedBy: [], inhibitedBy: [] } },
  ]);
  const active = await ask('GET', '/api/v2/alerts?silenced=false&filter=alertname!%3D"x"');
  expect(active.body.map((alert: { labels: object }) => alert.labels)).toMatchObject([{ alertname: 'Other' }]);
  expect((await ask('GET', '/api/v2/alerts/groups')).body).toHaveLength(2);
  expect((await ask('DELETE', `/api/v2/silence/${added.silenceID}`)).status).toBe(200);
  expect((await ask('GET', '/api/v2/silences')).body).toMatchObject([{ status: { state: 'expired' } }]);
  expect((await ask('GET', '/api/v2/status')).body).toMatchObject({ versionInfo: { version: '1.2.3' } });
  expect((await ask('GET', '/api/v2/receivers')).body).toEqual([{ name: 'slack/#ops' }]);
});

test('the OpenAPI document describes every answer', async () => {
  await ask('POST', '/api/v2/alerts', [{ labels }]);
  await until(5);
  const silence = {
    matchers: [{ name: 'alertname', value: 'High.*', isRegex: true, isEqual: true }],
    ...{ startsAt: iso(0), endsAt: iso(3_600), createdBy: 'amtool', comment: 'deploy' },
  };
  const { silenceID } = (await ask('POST', '/api/v2/silences', silence)).body;
  const asked: ['GET' | 'POST' | 'DELETE', string, string, unknown?][] = [
    ['POST', '/api/v2/alerts', '/api/v2/alerts', [{ labels: { alertname: 'Other' } }]],
    ['GET', '/api/v2/alerts', '/api/v2/alerts'],
    ['GET', '/api/v2/alerts/groups', '/api/v2/alerts/groups'],
    ['GET', '/api/v2/receivers', '/api/v2/receivers'],
    ['GET', '/api/v2/status', '/api/v2/status'],
    ['GET', '/api/v2/silences', '/api/v2/silences'],
    ['GET', '/api/v2/silence/{id}', `/api/v2/silence/${silenceID}`],
    ['POST', '/api/v2/silences', '/api/v2/silences', silence],
    ['DELETE', '/api/v2/silence/{id}', `/api/v2/silence/${silenceID}`],
  ];
  for (const [method, path, url, payload] of asked) {
    const { status, body } = await ask(method, url, payload);
    expect(status, `${method} ${path}`).toBe(200);
    if (Array.isArray(body)) expect(body.length, `${method} ${path}`).toBeGreaterThan(0);
    expect(differences(app, { method: method.toLowerCase(), path, status, body: body === '' ? null : body })).toEqual(
      [],
    );
  }
});
