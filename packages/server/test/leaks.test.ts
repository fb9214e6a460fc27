import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encode } from '@msgpack/msgpack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { messageType } from '../src/observe/ingest/otlp/schema.ts';
import { startTestTelemetry, type TestTelemetry } from './engines.ts';
import { DRAIN_SECRET, type IntakeRig, PUBLIC_KEY, SERVER_KEY, startIntakeRig } from './support/intake-rig.ts';
import { LEAKING_TEXTS, LEAKS, plantedIn, SECRETS } from './support/planted.ts';
import { envelope, errorEvent, newId } from './support/sentry-rig.ts';

let store: TestTelemetry;
let rig: IntakeRig;

beforeAll(async () => {
  store = await startTestTelemetry();
  rig = await startIntakeRig(store.telemetry);
});

afterAll(async () => {
  await rig?.stop();
  await store?.stop();
});

const key = { 'x-yumops-key': SERVER_KEY };
const json = { ...key, 'content-type': 'application/json' };

/** A log record with the secrets in its columns, its attributes and deep inside. */
const record = (more: object = {}) => ({
  level: 'info',
  message: LEAKS.text,
  endpoint: LEAKS.url,
  userId: `postgres://u:${SECRETS.password}@db/x`,
  event: `token=${SECRETS.token}`,
  ip: `Bearer ${SECRETS.bearer}`,
  password: SECRETS.password,
  ...LEAKS,
  ...more,
});

const records = () => [
  record(),
  record({ type: 'request', method: 'GET', statusCode: 200, duration: 1, clientIp: SECRETS.jwt }),
  record({ type: 'outbound', host: `u:p@h?token=${SECRETS.token}`, reason: LEAKS.text }),
  record({ type: 'metric', name: `m?token=${SECRETS.token}`, value: 1, unit: SECRETS.jwt }),
  ...LEAKING_TEXTS.map((message) => ({
    message,
    service: message,
    release: message,
    requestId: message,
    note: message,
  })),
  // Refused ones are kept as dead letters.
  record({ statusCode: 'none' }),
  record({ message: { nested: LEAKS } }),
];

const lines = () =>
  records()
    .map((one) => JSON.stringify(one))
    .join('\n');

/** Attributes as OTLP has them; nested values as such and as text. */
const otlpAttributes = [
  ...Object.entries(LEAKS).map(([name, value]) => ({
    key: name,
    value: { stringValue: typeof value === 'string' ? value : JSON.stringify(value) },
  })),
  { key: 'password', value: { stringValue: SECRETS.password } },
  { key: 'card', value: { intValue: '4111111111111111' } },
  {
    key: 'nested',
    value: { kvlistValue: { values: [{ key: 'token', value: { stringValue: SECRETS.token } }] } },
  },
  { key: 'list', value: { arrayValue: { values: LEAKING_TEXTS.map((stringValue) => ({ stringValue })) } } },
];
const resource = {
  attributes: [...otlpAttributes, { key: 'service.name', value: { stringValue: `s?token=${SECRETS.token}` } }],
};
const scope = { name: `scope?token=${SECRETS.token}` };
const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
const nanos = () => `${Date.now()}000000`;

const otlpLogs = () => ({
  resourceLogs: [
    {
      resource,
      scopeLogs: [
        {
          scope,
          logRecords: [
            ...LEAKING_TEXTS.map((stringValue) => ({ body: { stringValue }, attributes: otlpAttributes })),
            { body: { kvlistValue: { values: otlpAttributes } }, eventName: LEAKS.url },
          ],
        },
      ],
    },
  ],
});
const otlpSpans = () => ({
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope,
          spans: [
            {
              ...ids,
              name: LEAKS.url,
              startTimeUnixNano: nanos(),
              endTimeUnixNano: nanos(),
              attributes: otlpAttributes,
              events: [{ name: LEAKS.text, attributes: otlpAttributes }],
              status: { code: 2, message: LEAKS.text },
            },
          ],
        },
      ],
    },
  ],
});
const otlpMetrics = () => ({
  resourceMetrics: [
    {
      resource,
      scopeMetrics: [
        {
          scope,
          metrics: [
            {
              name: `m?token=${SECRETS.token}`,
              unit: SECRETS.jwt,
              gauge: { dataPoints: [{ timeUnixNano: nanos(), asDouble: 1, attributes: otlpAttributes }] },
            },
          ],
        },
      ],
    },
  ],
});

const asAttributes = Object.fromEntries(
  Object.entries(LEAKS).map(([name, value]) => [name, { value: JSON.stringify(value), type: 'string' }]),
);

const sentryEnvelope = () => {
  const event = errorEvent(newId(), {
    message: LEAKS.text,
    extra: LEAKS,
    tags: { url: LEAKS.url },
    request: { ...LEAKS, cookies: { s: SECRETS.cookie }, data: LEAKS.body, query_string: `token=${SECRETS.token}` },
    breadcrumbs: LEAKING_TEXTS.map((message) => ({ message, data: LEAKS })),
  });
  const text = JSON.stringify(LEAKS);
  return envelope(
    {
      event_id: newId(),
      trace: { release: LEAKS.text, environment: `token=${SECRETS.token}` },
      sdk: { name: LEAKS.url },
    },
    ['event', event],
    [
      { type: 'log', item_count: 1 },
      { version: 2, items: [{ timestamp: 1, level: 'info', body: LEAKS.text, attributes: asAttributes }] },
    ],
    [
      { type: 'client_report' },
      { discarded_events: [{ reason: `token=${SECRETS.token}`, category: SECRETS.jwt, quantity: 1 }] },
    ],
    [{ type: 'attachment', filename: LEAKS.url, content_type: SECRETS.jwt, length: Buffer.byteLength(text) }, text],
    ['session', { sid: `token=${SECRETS.token}`, status: 'ok', attrs: { release: LEAKS.text } }],
  );
};

const beacon = (more: object = {}) => ({
  key: PUBLIC_KEY,
  sessionId: `s?token=${SECRETS.token}`,
  service: LEAKS.text,
  release: SECRETS.jwt,
  url: LEAKS.url,
  route: `/pay/${SECRETS.jwt}`,
  events: [
    { kind: 'vital', name: 'LCP', value: 1, navigationType: 'navigate', attribution: LEAKS, route: LEAKS.url },
    { kind: 'api_response_time', name: LEAKS.url, duration: 5, method: 'GET' },
    { kind: 'custom', name: LEAKS.text, duration: 5 },
    { kind: 'page_load_timing', name: 'navigate', totalLoadTime: 5, resources: LEAKS },
    { kind: 'event', name: LEAKS.text, data: LEAKS, userId: LEAKS.text },
    { kind: 'error', message: LEAKS.text, type: 'E', stack: `E\n  at f (${LEAKS.url}:1:1)`, route: SECRETS.jwt },
  ],
  ...more,
});

const signed = (body: string) => ({
  'content-type': 'application/json',
  'x-vercel-signature': createHmac('sha1', DRAIN_SECRET).update(body).digest('hex'),
});
const drain = () =>
  JSON.stringify([
    { id: newId(), timestamp: Date.now(), level: 'info', deploymentId: SECRETS.jwt, message: LEAKS.text, ...LEAKS },
    {
      id: newId(),
      timestamp: Date.now(),
      projectName: LEAKS.url,
      proxy: { method: 'GET', path: LEAKS.url, statusCode: 200, clientIp: '203.0.113.9', userAgent: [LEAKS.text] },
    },
  ]);

const protobuf = { ...key, 'content-type': 'application/x-protobuf' };
const encodedLogs = () => {
  const type = messageType('logs');
  return type.encode(type.fromObject(otlpLogs())).finish();
};

it.each<[string, string, () => string | Uint8Array, Record<string, string>]>([
  ['NDJSON', '/ingest/ndjson', lines, key],
  ['NDJSON that is broken', '/ingest/ndjson', () => `${lines().replaceAll('}\n', '} trailing\n')}\n{"a":`, key],
  ['JSON', '/ingest/json', () => JSON.stringify(records()), key],
  ['a Sentry envelope', `/api/7/envelope/?sentry_key=${SERVER_KEY}`, sentryEnvelope, {}],
  ['a Sentry envelope of a web page', `/api/7/envelope/?sentry_key=${PUBLIC_KEY}`, sentryEnvelope, {}],
  [
    'a Sentry event',
    `/api/7/store/?sentry_key=${SERVER_KEY}`,
    () => JSON.stringify(errorEvent(newId(), { message: LEAKS.text, extra: LEAKS })),
    {},
  ],
  [
    'a report of a browser',
    `/api/7/security/?sentry_key=${PUBLIC_KEY}`,
    () => JSON.stringify({ 'csp-report': { 'document-uri': LEAKS.url, 'blocked-uri': LEAKS.url, sample: LEAKS.text } }),
    {},
  ],
  [
    'a check-in',
    `/api/7/cron/job/${SERVER_KEY}/?status=ok`,
    () => JSON.stringify({ note: LEAKS.text, environment: `token=${SECRETS.token}`, monitor_config: LEAKS }),
    { 'content-type': 'application/json' },
  ],
  ['OTLP logs', '/v1/logs', () => JSON.stringify(otlpLogs()), json],
  ['OTLP logs in protobuf', '/v1/logs', encodedLogs, protobuf],
  ['OTLP traces', '/v1/traces', () => JSON.stringify(otlpSpans()), json],
  ['OTLP metrics', '/v1/metrics', () => JSON.stringify(otlpMetrics()), json],
  ['OTLP that is broken', '/v1/logs', () => JSON.stringify(otlpLogs()).slice(0, -40), json],
  [
    'Better Stack in MessagePack',
    '/ingest/logtail',
    () => encode(records().map((one) => ({ ...one, dt: new Date().toISOString(), context: { runtime: LEAKS } }))),
    { authorization: `Bearer ${SERVER_KEY}`, 'content-type': 'application/msgpack' },
  ],
  ['Better Stack in JSON', '/', () => JSON.stringify(records()), { ...json, authorization: `Bearer ${SERVER_KEY}` }],
  ['a beacon', '/rum', () => JSON.stringify(beacon()), {}],
  [
    'a beacon in the form of the guide',
    '/rum',
    () =>
      JSON.stringify({
        key: PUBLIC_KEY,
        event: 'custom_metric',
        data: { name: 'api_response_time', data: { url: LEAKS.url, duration: 5 }, url: LEAKS.url },
      }),
    {},
  ],
  ['a heartbeat', '/ping/token/fail', () => LEAKS.text, {}],
])('takes %s', async (_, path, body, headers) => {
  const response = await rig.post(path, body(), headers);
  expect(response.status).toBeLessThan(500);
});

it('takes a drain of Vercel', async () => {
  const body = drain();
  expect((await rig.post('/ingest/vercel', body, signed(body))).status).toBe(200);
});

it('takes what the SDK sends: log lines, requests, outbound calls, errors', async () => {
  const app = join(import.meta.dirname, 'support', 'leaking-app.mjs');
  const env = {
    PATH: process.env.PATH,
    SDK: join(import.meta.dirname, '../../node/dist'),
    YUMOPS_URL: rig.url,
    YUMOPS_KEY: SERVER_KEY,
    YUMOPS_SERVICE: 'leaking',
    SENTRY_DSN: `${rig.url.replace('://', `://${SERVER_KEY}@`)}/7`,
    LEAKS: JSON.stringify(LEAKS),
    SECRETS: JSON.stringify(SECRETS),
    TEXTS: JSON.stringify(LEAKING_TEXTS),
  };
  await promisify(execFile)(process.execPath, [app], { env, timeout: 30_000 });
  await rig.rows("SELECT 1 FROM application_logs WHERE message = 'the end'");
  await rig.rows("SELECT 1 FROM requests WHERE service = 'leaking'");
  await rig.rows("SELECT 1 FROM outbound_calls WHERE service = 'leaking'");
  await rig.rows("SELECT 1 FROM error_events WHERE service = 'leaking'");
});

it('and none of the planted secrets is in the store, the spool, a file or the own log', async () => {
  await rig.settled();
  const tables = await store.telemetry.query<{ name: string; rows: number }>(
    "SELECT name, toUInt64(total_rows) AS rows FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_migrations'",
  );
  const filled = tables.filter(({ rows }) => Number(rows) > 0).map(({ name }) => name);
  expect(filled).toEqual(
    expect.arrayContaining([
      ...['logs', 'request_rows', 'outbound_rows', 'metric_rows', 'dead_letters', 'error_event_rows', 'span_rows'],
      ...['session_rows', 'check_in_rows', 'attachment_rows', 'client_report_rows'],
      ...['web_vital_rows', 'browser_timing_rows', 'browser_event_rows'],
    ]),
  );
  for (const name of filled) {
    expect(plantedIn(JSON.stringify(await store.telemetry.query(`SELECT * FROM ${name}`))), name).toBe('');
  }
  const files = await readdir(rig.folder, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const file of files.filter((entry) => entry.isFile())) {
    const content = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0));
    bytes += content.length;
    expect(plantedIn(content), file.name).toBe('');
  }
  expect(bytes).toBeGreaterThan(10_000);
  expect(plantedIn(rig.logged.join('\n'))).toBe('');
  expect(rig.beats).toMatchObject([{ kind: 'fail' }]);
  expect(plantedIn(JSON.stringify(rig.beats))).toBe('');
});
