import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '../src/lib/db.ts';
import { BIN, type RunningPlatform, startYumops } from './support/start-yumops.mjs';
import { type StateServer, startStateServer } from './support/state-server.ts';

const ADMIN = 'tools-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const EVENT = '9ec79c33ec9942ab8353589fcb2e04dc';

let folder: string;
let databases: StateServer;
let state: { db: Db; url: string };
let platform: RunningPlatform;
const clients: Client[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-tools-'));
  await chmod(folder, 0o755);
  databases = await startStateServer();
  state = await databases.database();
  const { url } = await databases.database();
  const lines = [
    'service: shop',
    'monitors:',
    '  - {name: Closed, kind: tcp, host: 127.0.0.1, port: 1, allow_private: true}',
    'databases:',
    `  - {name: main, url: "${url}"}`,
    'alert_rules:',
    '  - {name: High Error Rate, condition: "error_rate > 5%", time_window: 5m, severity: critical}',
    '',
  ];
  await writeFile(join(folder, 'yumops.yml'), lines.join('\n'));
  platform = await startYumops({ folder, env: environment() });
  await fill();
}, 120_000);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await platform.stop();
  await databases.stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = () => ({
  ...(process.env as Record<string, string>),
  YUMOPS_DATA: join(folder, 'data'),
  YUMOPS_ADMIN_TOKEN: ADMIN,
  YUMOPS_INGEST_KEY: KEY,
  YUMOPS_STATE_URL: state.url,
});

async function post(path: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(platform.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${said}`);
  return said === '' ? null : JSON.parse(said);
}

/** One of everything that the tools show. */
async function fill(): Promise<void> {
  const key = { 'x-yumops-key': KEY };
  const record = { timestamp: Date.now(), level: 'error', message: 'payment refused', service: 'shop' };
  await post('/ingest/ndjson', `${JSON.stringify(record)}\n`, key);
  const nano = `${Date.now()}000000`;
  const span = { traceId: TRACE, spanId: 'b7ad6b7169203331', name: 'GET /pay', kind: 2 };
  const spans = [{ ...span, startTimeUnixNano: nano, endTimeUnixNano: nano }];
  await post('/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] }, key);
  const event = {
    ...{ event_id: EVENT, timestamp: Date.now() / 1_000, platform: 'node' },
    exception: { values: [{ type: 'TypeError', value: 'x is not a function' }] },
  };
  const envelope = [{ event_id: EVENT }, { type: 'event' }, event].map((part) => JSON.stringify(part)).join('\n');
  await post(`/api/1/envelope/?sentry_key=${KEY}`, envelope, {});
  await post('/api/v2/alerts', [{ labels: { alertname: 'DiskFull', severity: 'critical' } }], {
    authorization: `Bearer ${ADMIN}`,
  });
}

async function connect(token: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', platform.url), { requestInit: { headers } }));
  clients.push(client);
  return client;
}

async function call(client: Client, name: string, input: Record<string, unknown> = {}) {
  const result = await client.callTool({ name, arguments: input });
  const [part] = result.content as { type: string; text: string }[];
  return { refused: result.isError === true, answer: JSON.parse(part?.text ?? 'null') };
}

/** Asks until the answer's list has something in it: what was sent is stored a moment later. */
async function firstItem(
  client: Client,
  name: string,
  input: Record<string, unknown> = {},
  wanted: (item: Record<string, string>) => boolean = () => true,
) {
  let item: Record<string, string> | undefined;
  await expect
    .poll(
      async () => {
        item = (await call(client, name, input)).answer.items.find(wanted);
        return item;
      },
      { timeout: 60_000, interval: 250 },
    )
    .toBeTruthy();
  return item as Record<string, string>;
}

test('a client lists every tool and calls it, and every call is in the audit log', async () => {
  const client = await connect(ADMIN);
  const { tools } = await client.listTools();
  const alert = await firstItem(client, 'list_alerts', {}, ({ rule }) => rule === 'DiskFull');
  const issue = await firstItem(client, 'list_errors');
  const row = await firstItem(client, 'search_logs', { q: 'payment' });
  const trace = await firstItem(client, 'list_traces');
  const monitor = await firstItem(client, 'list_monitors');
  const database = await firstItem(client, 'list_databases');
  const job = await firstItem(client, 'list_jobs');
  const matchers = ['alertname="DiskFull"'];
  const incident = (await call(client, 'declare_incident', { title: 'Disk full', drill: true })).answer;
  const inputs: Record<string, Record<string, unknown>> = {
    get_alert: { id: alert['id'] },
    acknowledge_alert: { id: alert['id'] },
    get_incident: { id: incident.id },
    declare_incident: { title: 'Disk full again', drill: true },
    comment_incident: { id: incident.id, text: 'seen by the agent' },
    replay_rule: { name: 'High Error Rate' },
    preview_silence: { matchers },
    silence_alerts: { matchers, minutes: 5, reason: 'known' },
    get_error: { id: issue['id'] },
    get_log_record: { id: row['id'] },
    query_sql: { sql: 'SELECT count() AS n FROM application_logs' },
    get_trace: { id: trace['traceId'] },
    get_monitor: { id: monitor['id'] },
    list_database_findings: { database: database['name'] },
    list_queries: { database: database['name'] },
    list_database_sessions: { database: database['name'] },
    plan_maintenance: { database: database['name'] },
    get_job: { name: job['name'] },
  };
  const answers: Record<string, { link: string }> = {};
  for (const { name } of tools) {
    const { refused, answer } = await call(client, name, inputs[name]);
    expect(refused, `${name}: ${JSON.stringify(answer)}`).toBe(false);
    expect(answer.link, name).toMatch(/^http/);
    expect(JSON.stringify(answer).length, name).toBeLessThan(25_000);
    answers[name] = answer;
  }
  expect(answers['get_alert']).toMatchObject({ rule: 'DiskFull', state: 'firing' });
  expect(answers['acknowledge_alert']).toMatchObject({ acknowledgedBy: 'preset token' });
  expect(answers['get_error']).toMatchObject({ type: 'TypeError', event: { id: EVENT } });
  expect(answers['get_trace']).toMatchObject({ traceId: TRACE, spans: 1 });
  expect(answers['query_sql']).toMatchObject({ items: [[1]] });
  const audited = await state.db.query<{ target: string }>(
    `SELECT DISTINCT target FROM audit_log WHERE action = 'tool.call' AND actor = 'preset token'
      AND detail ->> 'outcome' = 'ok' ORDER BY target`,
  );
  expect(audited.map(({ target }) => target)).toEqual(tools.map(({ name }) => name).sort());

  const { items } = (await (
    await fetch(`${platform.url}/api/v1/tools`, { headers: { authorization: `Bearer ${ADMIN}` } })
  ).json()) as { items: { name: string; input: { type: string } }[] };
  expect(items.map(({ name }) => name).sort()).toEqual(tools.map(({ name }) => name).sort());
  expect(items.every(({ input }) => input.type === 'object')).toBe(true);
}, 120_000);

test("a viewer's token reads, and is refused every tool that writes", async () => {
  const made = await post('/api/v1/tokens', { name: 'agent', role: 'viewer' }, { authorization: `Bearer ${ADMIN}` });
  const client = await connect((made as { secret: string }).secret);
  const { tools } = await client.listTools();
  const writers = tools.filter(({ annotations }) => annotations?.readOnlyHint === false);
  expect(writers.length).toBeGreaterThan(1);
  for (const { name } of writers) {
    const { refused, answer } = await call(client, name, {
      ...{ id: 'x', matchers: ['a="b"'], minutes: 1, reason: 'x', title: 'x', text: 'x' },
    });
    expect({ refused, code: answer.error.code }, name).toEqual({ refused: true, code: 'forbidden' });
  }
  const [refusals] = await state.db.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM audit_log WHERE actor = 'agent' AND detail ->> 'outcome' = 'forbidden'`,
  );
  expect(refusals?.n).toBe(writers.length);
  expect(await call(client, 'get_overview')).toMatchObject({ refused: false, answer: { verdict: expect.any(String) } });
});

test.each([
  ['get_alert', { id: 'none' }, 'alert_not_found'],
  ['query_sql', { sql: "SELECT * FROM url('http://127.0.0.1/', 'CSV')" }, /./],
  ['search_logs', { minutes: 'ten' }, /./],
])('%s says why it cannot answer', async (name, input, code) => {
  const result = await (await connect(ADMIN)).callTool({ name, arguments: input }).catch((error: Error) => error);
  if (result instanceof Error) expect(result.message).toMatch(/minutes/);
  else {
    expect(result.isError).toBe(true);
    expect((result.content as { text: string }[])[0]?.text).toMatch(code);
  }
});

test('nobody without a token gets in', async () => {
  const answer = await fetch(`${platform.url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });
  expect(answer.status).toBe(401);
});

test('the same tools answer on stdin and stdout', async () => {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [BIN, 'mcp'], cwd: folder, env: environment() }),
  );
  clients.push(client);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain('get_overview');
  const { items } = (await call(client, 'list_alerts')).answer;
  expect(items.map(({ rule }: { rule: string }) => rule)).toContain('DiskFull');
  expect(await call(client, 'get_alert', { id: 'none' })).toMatchObject({
    refused: true,
    answer: { error: { code: 'alert_not_found' } },
  });
});
