import type { Db } from '../../src/lib/db.ts';
import { until } from '../ingest.ts';

/** What everything of project 2 bears, and nothing of project 1. */
export const MARK = 'zebraofb';
/** What a log line of project 1 bears. */
export const OWN = 'okapiofa';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const EVENT = 'cc21e6b1b0d94c5a8b52ad1d6b5ac3f7';

/** Monitors, a rule and an objective of project 2. */
export const OTHER_CONFIG = `
monitors:
  - {name: ${MARK}-monitor, kind: tcp, host: 127.0.0.1, port: 9, project: '2', check_interval: 1, retries: 0}
alert_rules:
  - {name: ${MARK}-rule, condition: "error_rate > 5%", time_window: 5m, severity: info, project: '2', notifications: []}
slos: [{name: ${MARK}-slo, target: 99, window: 30d, sli: {requests: {project: '2'}}, project: '2'}]
`;

/** A question about things of project 2. */
export interface Question {
  path: string;
  body?: unknown;
  /** Whether an answer told something of project 2; left out = it bears the mark. */
  tells?: (text: string) => boolean;
  /** It changes something: nobody else is asked it after who may not. */
  changes?: true;
}

interface Platform {
  url: string;
  admin: string;
  db: Db;
}

type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<string>;

function asker({ url, admin }: Platform): Ask {
  return async (method, path, body, headers = { authorization: `Bearer ${admin}` }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(url + path, {
      ...{ method, headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers } },
      ...(body !== undefined && { body: text }),
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
    return said;
  };
}

function lines(now: number): string {
  const shared = { timestamp: now - 60_000, service: MARK, environment: MARK, release: `${MARK}@1` };
  const records = [
    { ...shared, level: 'error', message: `${MARK} failed`, traceId: TRACE, requestId: MARK },
    {
      ...{
        ...shared,
        level: 'info',
        message: `GET /${MARK}`,
        type: 'performance',
        endpoint: `/${MARK}`,
        method: 'GET',
      },
      ...{ statusCode: 500, duration: 12 },
    },
    { ...shared, level: 'info', message: 'sold', type: 'business', event: `${MARK}_sold`, userId: 'u1' },
    {
      ...{ ...shared, level: 'warn', message: 'refused', type: 'security', event: 'failed_authentication' },
      ...{ severity: 'high', ip: '203.0.113.77', account: `${MARK}@example.com` },
    },
  ];
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

/** Puts one of everything into project 2, and a log line into project 1. @returns ids of what is there */
export async function plant(platform: Platform): Promise<Record<string, string>> {
  const ask = asker(platform);
  const keyOf = async (project: string, scope: string) =>
    JSON.parse(await ask('POST', '/api/v1/ingest-keys', { scope, project, name: `${MARK} ${scope}` })) as Made;
  const [server, browser, own] = await Promise.all([keyOf('2', 'server'), keyOf('2', 'public'), keyOf('1', 'server')]);
  await platform.db.query("UPDATE ingest_keys SET name = 'own' WHERE id = $1", [own.id]);
  const key = { 'x-yumops-key': server.secret };
  const now = Date.now();
  await ask('POST', '/ingest/ndjson', `${lines(now)}{${MARK} is no JSON\n`, key);
  const mine = JSON.stringify({ timestamp: now, level: 'info', message: OWN, service: 'own' });
  await ask('POST', '/ingest/ndjson', mine, { 'x-yumops-key': own.secret });
  const nano = `${now}000000`;
  const span = { traceId: TRACE, spanId: 'b7ad6b7169203331', name: `GET /${MARK}`, kind: 2 };
  const spans = [{ ...span, startTimeUnixNano: nano, endTimeUnixNano: nano }];
  await ask('POST', '/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] }, key);
  await sendErrors(ask, server.secret, now);
  const vital = {
    kind: 'vital',
    name: 'LCP',
    value: 9_000,
    navigationType: 'navigate',
    attribution: { target: MARK },
  };
  const call = { kind: 'api_response_time', name: `/api/${MARK}`, duration: 5, method: 'GET', statusCode: 200 };
  const load = { kind: 'page_load_timing', name: 'navigate', totalLoadTime: 5 };
  const frame = { kind: 'long_animation_frame', name: `https://shop.example/${MARK}.js`, duration: 250 };
  const event = { kind: 'event', name: MARK, userId: MARK };
  const events = [vital, call, load, frame, event];
  const page = { release: `${MARK}@1`, url: `https://shop.example/${MARK}`, route: `/${MARK}`, events };
  await ask('POST', '/rum', { key: browser.secret, sessionId: 's1', service: MARK, ...page }, {});
  await ask('POST', '/api/v2/alerts', [
    { labels: { alertname: `${MARK}-pushed`, severity: 'critical', project: '2' } },
  ]);
  await ask('POST', '/api/v1/releases', { project: '2', version: `${MARK}@1` });
  const block = { kind: 'ip', value: '203.0.113.77', for: '1h', why: MARK, project: '2' };
  const blocked = JSON.parse(await ask('POST', '/api/v1/security/blocks', block)) as { id: string };
  await plantByHand(platform.db);
  const view = { page: 'logs', name: MARK, search: `q=${MARK}`, shared: true };
  const kept = JSON.parse(await ask('POST', '/api/v1/views', view)) as { id: string };
  return { key: server.id, block: blocked.id, view: kept.id, ...(await findIds(ask)) };
}

interface Made {
  id: string;
  secret: string;
}

async function sendErrors(ask: Ask, key: string, now: number): Promise<void> {
  for (const [id, type] of [
    [EVENT, 'TypeError'],
    [EVENT.replace('cc', 'dd'), 'RangeError'],
  ]) {
    const event = {
      ...{ event_id: id, timestamp: now / 1_000, platform: 'node', release: `${MARK}@1`, environment: MARK },
      exception: { values: [{ type, value: `${MARK} is undefined` }] },
    };
    const parts = [{ event_id: id }, { type: 'event' }, event, { type: 'attachment', filename: 'a.txt', length: 8 }];
    const envelope = [...parts.map((part) => JSON.stringify(part)), MARK].join('\n');
    await ask('POST', `/api/2/envelope/?sentry_key=${key}`, envelope, {});
  }
}

/** What would take an attack of many events. */
async function plantByHand(db: Db): Promise<void> {
  await db.query(
    `INSERT INTO security_detections (id, project, code, severity, ip, count, first_at, last_at, evidence)
     VALUES ($1, '2', 'brute_force', 'high', '203.0.113.77', 9, now(), now(), '{}')`,
    [`${MARK}-attack`],
  );
  await db.query(
    `INSERT INTO security_restrictions (id, project, action, kind, value, until, why, author, created_at)
     VALUES ($1, '2', 'challenge', 'ip', '203.0.113.78', now() + interval '1 hour', $2, 'test', now())`,
    [`${MARK}-challenge`, MARK],
  );
}

async function findIds(ask: Ask): Promise<Record<string, string>> {
  const first = (path: string) =>
    until(async () => {
      const { items } = JSON.parse(await ask('GET', path)) as { items: Record<string, string>[] };
      return items.length > 0 && items;
    });
  const errors = await until(async () => {
    const items = await first('/api/v1/errors?limit=10');
    return items.length === 2 && items;
  });
  const detail = await until(async () => {
    const event = JSON.parse(await ask('GET', `/api/v1/events/${EVENT}`)) as { attachments: { id: string }[] };
    return event.attachments.length > 0 && event;
  });
  const [line] = await first(`/api/v1/logs?q=${MARK}`);
  const [alert] = await first('/api/v1/alerts?state=firing');
  await first('/api/v1/monitors');
  return {
    ...{ error: errors[0]?.['id'] as string, otherError: errors[1]?.['id'] as string },
    ...{
      attachment: detail.attachments[0]?.id as string,
      line: line?.['id'] as string,
      alert: alert?.['id'] as string,
    },
  };
}

/** Whether a number of the answer's members with these names is more than 0. */
const counts =
  (...names: string[]) =>
  (text: string) =>
    names.some((name) => new RegExp(`"${name}":\\s*(?:\\[[^\\]]*)?[1-9]`).test(text));
const found = (text: string) => !/"items":\s*\[\]/.test(text);

/** Nothing in these answers belongs to a project: why. */
export const OF_NO_PROJECT: Readonly<Record<string, string>> = {
  'GET /api/v1/instance': 'names the installation',
  'GET /api/v1/me': 'tells who asks',
  'GET /api/v1/sessions': 'sessions are of persons: a test of accounts shows that one sees their own',
  'DELETE /api/v1/sessions/{id}': 'sessions are of persons',
  'GET /api/v1/tools': 'names the tools',
};

/** A question for every route that a role in one project opens. @param id by what `plant` found */
export function questions(id: Readonly<Record<string, string>>): Readonly<Record<string, Question>> {
  const alert = `/api/v1/alerts/${id['alert']}`;
  const error = `/api/v1/errors/${id['error']}`;
  const monitor = `/api/v1/monitors/${MARK}-monitor`;
  const always = () => true;
  const release = { project: '2', version: '2.0.0', environment: 'production' };
  return {
    'GET /api/v1/alerts': { path: '/api/v1/alerts' },
    'GET /api/v1/alerts/{id}': { path: alert },
    'POST /api/v1/alerts/{id}/ack': { path: `${alert}/ack`, body: {}, changes: true },
    'POST /api/v1/alerts/{id}/escalate': { path: `${alert}/escalate`, body: {}, changes: true },
    'POST /api/v1/alerts/{id}/resolve': { path: `${alert}/resolve`, body: {}, changes: true },
    'GET /api/v1/analyses/business': { path: '/api/v1/analyses/business' },
    'GET /api/v1/analyses/endpoints': { path: '/api/v1/analyses/endpoints' },
    'GET /api/v1/analyses/error-rate': {
      path: `/api/v1/analyses/error-rate?service=${MARK}`,
      tells: counts('total', 'errors', 'lines'),
    },
    'GET /api/v1/analyses/funnel': {
      path: `/api/v1/analyses/funnel?events=${MARK}_sold`,
      tells: counts('users', 'people', 'count'),
    },
    'GET /api/v1/analyses/security': {
      path: `/api/v1/analyses/security?service=${MARK}`,
      tells: (text) => text.includes('failed_authentication'),
    },
    'GET /api/v1/attachments/{id}': { path: `/api/v1/attachments/${id['attachment']}` },
    'GET /api/v1/checks': { path: '/api/v1/checks' },
    'GET /api/v1/checks.csv': { path: `/api/v1/checks.csv?monitor=${MARK}-monitor` },
    'POST /api/v1/deploys': { path: '/api/v1/deploys', body: release, changes: true },
    'GET /api/v1/errors': { path: '/api/v1/errors' },
    'GET /api/v1/errors/{id}': { path: error },
    'POST /api/v1/errors/{id}': { path: error, body: { action: 'resolve' }, changes: true },
    'GET /api/v1/errors/{id}/events': { path: `${error}/events`, tells: found },
    'POST /api/v1/errors/{id}/merge': { path: `${error}/merge`, body: { ids: [id['otherError']] }, changes: true },
    'POST /api/v1/errors/{id}/split': { path: `${error}/split`, body: { groups: [id['otherError']] }, changes: true },
    'GET /api/v1/events/{id}': { path: `/api/v1/events/${EVENT}` },
    'GET /api/v1/ingest-keys': { path: '/api/v1/ingest-keys' },
    'POST /api/v1/ingest-keys': {
      ...{ path: '/api/v1/ingest-keys', body: { scope: 'server', project: '2' }, changes: true },
    },
    'DELETE /api/v1/ingest-keys/{id}': { path: `/api/v1/ingest-keys/${id['key']}`, changes: true },
    'GET /api/v1/logs': { path: `/api/v1/logs?q=${MARK}` },
    'GET /api/v1/logs/{id}': { path: `/api/v1/logs/${id['line']}` },
    'GET /api/v1/logs/{id}/context': { path: `/api/v1/logs/${id['line']}/context` },
    'GET /api/v1/logs/fields': { path: '/api/v1/logs/fields' },
    'GET /api/v1/logs/histogram': { path: `/api/v1/logs/histogram?q=${MARK}`, tells: counts('total') },
    'GET /api/v1/logs/patterns': { path: '/api/v1/logs/patterns' },
    'GET /api/v1/losses': { path: '/api/v1/losses' },
    'GET /api/v1/monitors': { path: '/api/v1/monitors' },
    'GET /api/v1/monitors/{id}': { path: monitor },
    'POST /api/v1/monitors/{id}/check': { path: `${monitor}/check`, body: {}, tells: always },
    'GET /api/v1/monitors/{id}/history': { path: `${monitor}/history`, tells: always },
    'GET /api/v1/monitors/{id}/sla': { path: `${monitor}/sla`, tells: always },
    'GET /api/v1/overview': { path: '/api/v1/overview' },
    'GET /api/v1/projects': { path: '/api/v1/projects', tells: (text) => /"id":\s*"2"/.test(text) },
    'POST /api/v1/query': { path: '/api/v1/query', body: { sql: 'SELECT message, service FROM application_logs' } },
    'GET /api/v1/releases': { path: '/api/v1/releases' },
    'POST /api/v1/releases': { path: '/api/v1/releases', body: release, changes: true },
    'GET /api/v1/rule-buckets': {
      path: `/api/v1/rule-buckets?series=requests&dimensions=project&from=${Date.now() - 3_600_000}&to=${Date.now()}&width=60000`,
      tells: (text) => /"project":\s*"2"/.test(text),
    },
    'GET /api/v1/rules': { path: '/api/v1/rules' },
    'GET /api/v1/rules/{name}': { path: `/api/v1/rules/${MARK}-rule` },
    'GET /api/v1/rules/{name}/replay': { path: `/api/v1/rules/${MARK}-rule/replay?since=1h` },
    'GET /api/v1/security/blocks': { path: '/api/v1/security/blocks' },
    'POST /api/v1/security/blocks': {
      path: '/api/v1/security/blocks',
      body: { kind: 'ip', value: '203.0.113.79', why: 'x', project: '2' },
      changes: true,
    },
    'DELETE /api/v1/security/blocks/{id}': { path: `/api/v1/security/blocks/${id['block']}`, changes: true },
    'GET /api/v1/security/challenges': { path: '/api/v1/security/challenges' },
    'DELETE /api/v1/security/challenges/{id}': { path: `/api/v1/security/challenges/${MARK}-challenge`, changes: true },
    'GET /api/v1/security/detections': { path: '/api/v1/security/detections' },
    'GET /api/v1/security/detections/{id}': { path: `/api/v1/security/detections/${MARK}-attack` },
    'GET /api/v1/security/events': {
      path: '/api/v1/security/events',
      tells: (text) => text.includes('203.0.113.77'),
    },
    'GET /api/v1/security/sources': { path: '/api/v1/security/sources', tells: (text) => text.includes('203.0.113') },
    'GET /api/v1/security/summary': { path: '/api/v1/security/summary', tells: counts('high', 'blocks', 'challenges') },
    'GET /api/v1/sla': { path: '/api/v1/sla' },
    'GET /api/v1/sla.csv': { path: '/api/v1/sla.csv' },
    'GET /api/v1/slos': { path: '/api/v1/slos' },
    'POST /api/v1/tools/{name}': { path: '/api/v1/tools/search_logs', body: { query: MARK } },
    'GET /api/v1/traces': { path: '/api/v1/traces' },
    'GET /api/v1/traces/{id}': { path: `/api/v1/traces/${TRACE}` },
    'GET /api/v1/traces/routes': { path: '/api/v1/traces/routes' },
    'GET /api/v1/views': { path: '/api/v1/views?page=logs' },
    'POST /api/v1/views': {
      path: '/api/v1/views',
      body: { page: 'logs', name: 'for all', search: '', shared: true },
      changes: true,
    },
    'DELETE /api/v1/views/{id}': { path: `/api/v1/views/${id['view']}`, changes: true },
    'GET /api/v1/vitals': { path: '/api/v1/vitals' },
    'GET /api/v1/vitals/causes': { path: '/api/v1/vitals/causes?name=LCP' },
    'GET /api/v1/vitals/compare': { path: '/api/v1/vitals/compare' },
    'GET /api/v1/vitals/frames': { path: '/api/v1/vitals/frames' },
    'GET /api/v1/vitals/loads': { path: '/api/v1/vitals/loads', tells: counts('count') },
    'GET /api/v1/vitals/timings': { path: '/api/v1/vitals/timings' },
  };
}
