import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AlertRig } from '../../test/support/alert-rig.ts';
import { alertingApp } from '../../test/support/alerting-app.ts';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import { alertRoutes } from './alerts.ts';
import { notificationRoutes } from './notifications.ts';
import { ruleRoutes } from './rules.ts';
import { silenceRoutes } from './silences.ts';

const CONFIG = `
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 30s, severity: critical, eval_interval: 15s, notifications: [{slack: "#ops"}], escalation: page, runbook: "https://wiki/load"}
  - {name: Slow, condition: "last_load > 5", time_window: 30s, severity: info, eval_interval: 15s, for: 10m, notifications: [{slack: "#ops"}]}
escalation_policies:
  page: [{delay: 0, notify: [slack]}, {delay: 300, notify: [slack]}]
`;

const TESTED = { channel: 'slack', target: '#ops', outcome: 'sent', answer: 'ok', tookMs: 3 } as const;

let server: StateServer;
let db: Db;
let app: FastifyInstance;
let rig: AlertRig;
let alerting: Alerting;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(() => server.stop());

beforeEach(async () => {
  ({ db } = await server.database());
  const { clock, ...rest } = await alertingApp(db, CONFIG);
  ({ app, rig, alerting } = rest);
  const guard = (role: string) => async (request: { headers: object; principal?: unknown; reach?: unknown }) => {
    request.reach = null;
    request.principal = { id: '1', name: 'ada@yumzoom.com', role: 'responder', kind: 'person' };
    if (role === 'admin') throw new YumOpsError('forbidden', 'no', { status: 403 });
  };
  const shared = { alerting, guard: guard as never, clock };
  alertRoutes(app, shared);
  ruleRoutes(app, { ...shared, buckets: rig.buckets });
  silenceRoutes(app, { ...shared, silences: alerting.silences });
  notificationRoutes(app, { ...shared, guard: (() => async () => undefined) as never, sendTest: async () => TESTED });
  rig.gauge('load', 0, 900, 15, 9);
});

afterEach(async () => {
  await app.close();
  await server.closeDatabases();
});

async function get(url: string) {
  const response = await app.inject({ url });
  return { status: response.statusCode, body: response.json() };
}

test('lists what began to fire, and what was told, in a stretch of time', async () => {
  await rig.until(20);
  const found = async (path: string, from: string, to: string) =>
    (await get(`${path}?from=2026-01-05T${from}Z&to=2026-01-05T${to}Z`)).body.items.length;
  for (const path of ['/api/v1/alerts', '/api/v1/notifications']) {
    expect(await found(path, '10:00:00', '10:01:00'), path).toBe(1);
    expect(await found(path, '09:00:00', '10:00:00'), path).toBe(0);
    expect(await found(path, '10:01:00', '11:00:00'), path).toBe(0);
  }
});

test('lists what fires and what is pending, and tells of one alert why and what comes next', async () => {
  await rig.until(20);
  const { body } = await get('/api/v1/alerts');
  expect(body.items.map((item: { rule: string; state: string }) => `${item.rule} ${item.state}`)).toEqual([
    'Slow pending',
    'Load firing',
  ]);
  const [firing] = (await get('/api/v1/alerts?state=firing')).body.items;
  expect(firing).toMatchObject({
    summary: 'Load: load is 9 over 2 samples in the last 30 s (limit 5)',
    value: 9,
    threshold: 5,
    startedAt: '2026-01-05T10:00:00.000Z',
    runbook: 'https://wiki/load',
    labels: { alertname: 'Load' },
  });
  const { body: detail } = await get(`/api/v1/alerts/${firing.id}`);
  expect(detail.timeline.map(({ kind }: { kind: string }) => kind)).toEqual(['firing', 'queued', 'delivered']);
  expect(detail.escalation).toMatchObject([
    { step: 0, delay: 0, state: 'told', at: '2026-01-05T10:00:00.000Z' },
    { step: 1, delay: 300, state: 'due', at: '2026-01-05T10:05:00.000Z', notify: ['slack #ops'] },
  ]);
  expect(detail.next).toEqual({ at: '2026-01-05T10:05:00.000Z', step: 1, notify: ['slack #ops'] });
  expect(detail.query).toContain("name = 'load'");
  expect((await get('/api/v1/alerts?state=resolved')).body).toEqual({ items: [], nextCursor: null });
});

test('an acknowledgement stops the next step, is audited, and a second one changes nothing', async () => {
  await rig.until(20);
  const [{ id }] = (await get('/api/v1/alerts?state=firing')).body.items;
  const first = await app.inject({ method: 'POST', url: `/api/v1/alerts/${id}/ack`, payload: { via: 'console' } });
  expect(first.json()).toMatchObject({ acknowledgedBy: 'ada@yumzoom.com' });
  expect((await app.inject({ method: 'POST', url: `/api/v1/alerts/${id}/ack` })).statusCode).toBe(200);
  await rig.until(400);
  expect(rig.timeline()).toEqual(['0 slack #ops firing']);
  expect(await db.query('SELECT actor, action, target FROM audit_log')).toEqual([
    { actor: 'ada@yumzoom.com', action: 'alert.acknowledge', target: id },
    { actor: 'ada@yumzoom.com', action: 'alert.acknowledge', target: id },
  ]);
});

test('rules and the delivery log; pages by cursor', async () => {
  await rig.until(310);
  expect((await get('/api/v1/rules')).body.items).toMatchObject([
    { name: 'Load', state: 'firing', value: 9, window: '30 s', lastEvaluatedAt: '2026-01-05T10:05:00.000Z' },
    { name: 'Slow', state: 'pending' },
  ]);
  const first = (await get('/api/v1/notifications?limit=1')).body;
  const second = (await get(`/api/v1/notifications?limit=1&cursor=${first.nextCursor}`)).body;
  expect([first.items[0].step, second.items[0].step, second.nextCursor]).toEqual([1, 0, null]);
  expect(first.items[0]).toMatchObject({ channel: 'slack', target: '#ops', status: 'sent', attempts: 1, rule: 'Load' });
});

test.each([
  ['/api/v1/alerts/none', 404, 'alert_not_found'],
  ['/api/v1/alerts?cursor=zzz', 400, 'invalid_cursor'],
  ['/api/v1/notifications?cursor=-1', 400, 'invalid_cursor'],
  ['/api/v1/alerts?state=odd', 400, 'invalid_request'],
  ['/api/v1/alerts?limit=0', 400, 'invalid_request'],
])('%s is %i %s', async (url, status, code) => {
  const { status: got, body } = await get(url);
  expect([got, body.error.code]).toEqual([status, code]);
});

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test('the OpenAPI document describes every answer, and an answer has all that was found', async () => {
  await rig.until(20);
  const { pages, silences } = alerting;
  const { items } = await pages.alerts('firing', { limit: 1 });
  const id = items[0]?.id ?? '';
  const list = (all: unknown) => ({ items: all, nextCursor: null });
  const now = Date.parse('2026-01-05T10:00:20Z');
  const end = '2026-01-05T11:00:00.000Z';
  const matchers = ['alertname="Load"'];
  const asked: ['get' | 'post', string, string, object | undefined, (body: never) => unknown][] = [
    ['get', '/api/v1/alerts', '/api/v1/alerts', undefined, () => pages.alerts(undefined, { limit: 50 })],
    ['get', '/api/v1/alerts/{id}', `/api/v1/alerts/${id}`, undefined, () => pages.alert(id, now)],
    ['get', '/api/v1/rules', '/api/v1/rules', undefined, async () => list(await pages.rules())],
    ['get', '/api/v1/rules/{name}', '/api/v1/rules/Load', undefined, () => pages.rule('Load', now)],
    ['get', '/api/v1/rules/{name}/replay', '/api/v1/rules/Load/replay?since=1h', undefined, (body) => body],
    ['get', '/api/v1/notifications', '/api/v1/notifications', undefined, () => pages.notifications({ limit: 50 })],
    [
      'post',
      '/api/v1/notifications/test',
      '/api/v1/notifications/test',
      { channel: 'slack', target: '#ops' },
      () => TESTED,
    ],
    [
      'post',
      '/api/v1/silences/preview',
      '/api/v1/silences/preview',
      { matchers },
      async () => list(await silences.preview(matchers)),
    ],
    [
      'post',
      '/api/v1/silences',
      '/api/v1/silences',
      { matchers, end, reason: 'work' },
      async () => (await silences.list())[0],
    ],
    ['get', '/api/v1/silences', '/api/v1/silences', undefined, async () => list(await silences.list())],
    ['post', '/api/v1/alerts/{id}/ack', `/api/v1/alerts/${id}/ack`, {}, () => pages.alert(id, now)],
    ['post', '/api/v1/alerts/{id}/escalate', `/api/v1/alerts/${id}/escalate`, {}, () => pages.alert(id, now)],
    ['post', '/api/v1/alerts/{id}/resolve', `/api/v1/alerts/${id}/resolve`, {}, () => pages.alert(id, now)],
  ];
  await app.ready();
  const { paths } = app.swagger() as unknown as { paths: Record<string, Record<string, Described>> };
  for (const [method, path, url, payload, found] of asked) {
    const answer = await app.inject({ method, url, ...(payload && { payload }) });
    const name = `${method} ${path}`;
    expect(answer.statusCode, `${name}: ${answer.body}`).toBeLessThan(300);
    const body = answer.json();
    expect(body, name).toEqual(plain(await found(body as never)));
    const schema = paths[path]?.[method]?.responses[answer.statusCode]?.content?.['application/json']?.schema;
    expect(Object.keys(schema?.properties ?? {}).sort(), name).toEqual(Object.keys(body).sort());
  }
});

interface Described {
  responses: Record<string, { content?: Record<string, { schema: { properties?: object } }> }>;
}
