// Rows a second, and rows per CPU-second of the platform's processes, from Sentry envelopes until they can be queried:
// errors with stacks, transactions with spans, containers of spans and logs; beside NDJSON log lines in the same run.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectTelemetry } from '../../packages/server/dist/store/telemetry/index.js';
import { treeCpuSeconds } from '../ingest/process-tree.mjs';
import { makeRecord } from '../ingest/records.mjs';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '6000' }, rows: { type: 'string', default: '60000' } },
});
const EVENTS = Number(values.events);
const ROWS = Number(values.rows);
const SENDERS = 4;

const hex = (bytes) => randomBytes(bytes).toString('hex');
const now = () => Date.now() / 1000;
const envelope = (header, type, payload) =>
  Buffer.from(`${JSON.stringify(header)}\n${JSON.stringify(type)}\n${JSON.stringify(payload)}\n`);

function errorEnvelope(n) {
  const id = hex(16);
  const frames = Array.from({ length: 20 }, (_, i) => ({
    filename: i < 12 ? `/app/node_modules/lib${i}/index.js` : `/app/dist/cart${i % 3}.js`,
    function: `step${i}`,
    lineno: 10 + i,
    colno: 5,
    in_app: i >= 12,
    pre_context: ['const a = 1;', 'const b = 2;'],
    context_line: 'throw new TypeError("x is not a function");',
    post_context: ['}', ''],
  }));
  const event = {
    event_id: id,
    timestamp: now(),
    platform: 'node',
    release: 'shop@1.0.0',
    environment: 'production',
    exception: { values: [{ type: `E${n % 40}`, value: `x ${n} is not a function`, stacktrace: { frames } }] },
    breadcrumbs: Array.from({ length: 20 }, (_, i) => ({
      timestamp: now(),
      category: 'http',
      message: `GET /api/${i}`,
    })),
    contexts: { trace: { trace_id: hex(16), span_id: hex(8) } },
    user: { id: `user_${n % 5_000}` },
    request: { url: 'https://shop.example/cart?q=1', headers: { 'user-agent': 'bench', accept: '*/*' } },
  };
  return envelope({ event_id: id, sent_at: new Date().toISOString() }, { type: 'event' }, event);
}

function transactionEnvelope() {
  const id = hex(16);
  const trace = { trace_id: hex(16), span_id: hex(8), op: 'http.server', status: 'ok' };
  const span = () => ({
    trace_id: trace.trace_id,
    span_id: hex(8),
    parent_span_id: trace.span_id,
    op: 'db.query',
    description: 'select * from menus where id = $1',
    start_timestamp: now(),
    timestamp: now() + 0.01,
    data: { 'db.system': 'postgresql', rows: 3 },
  });
  const spans = Array.from({ length: 19 }, span);
  const event = {
    event_id: id,
    type: 'transaction',
    transaction: 'GET /menus',
    start_timestamp: now(),
    timestamp: now(),
    contexts: { trace },
    spans,
  };
  return envelope({ event_id: id }, { type: 'transaction' }, event);
}

const attribute = (value) => ({ value, type: typeof value === 'number' ? 'integer' : 'string' });

function logEnvelope(n) {
  const items = Array.from({ length: 100 }, (_, i) => {
    const { message, level, endpoint, method, requestId, traceId, userId } = makeRecord(n * 100 + i, Date.now());
    const attributes = {
      endpoint,
      method,
      requestId,
      'user.id': userId,
      'sentry.release': '1.14.2',
      'sentry.environment': 'production',
    };
    const written = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attribute(value)]));
    return { timestamp: now(), level, body: message, trace_id: traceId, attributes: written };
  });
  return envelope({ sent_at: new Date().toISOString() }, { type: 'log', item_count: 100 }, { version: 2, items });
}

function lines(n) {
  return Buffer.from(
    Array.from({ length: 2_500 }, (_, i) => JSON.stringify(makeRecord(n * 2_500 + i, Date.now()))).join('\n'),
  );
}

function post(url, path, body, agent) {
  return new Promise((resolve, reject) => {
    const headers = { 'x-yumops-key': 'k', 'content-length': body.length };
    const outgoing = request(`${url}${path}`, { method: 'POST', agent, headers }, async (response) => {
      const chunks = await response.toArray();
      if (response.statusCode < 300) resolve();
      else reject(new Error(`${response.statusCode} ${Buffer.concat(chunks)}`));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function sendAll(url, path, bodies) {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const queue = [...bodies];
  const sender = async () => {
    for (let body = queue.shift(); body; body = queue.shift()) await post(url, path, body, agent);
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  agent.destroy();
}

const folder = await mkdtemp(join(tmpdir(), 'yumops-bench-envelopes-'));
await chmod(folder, 0o755);
const platform = fork(fileURLToPath(new URL('../ingest/platform.mjs', import.meta.url)), [folder]);
const exited = once(platform, 'exit');
const results = [];
try {
  const [{ url, telemetryUrl }] = await once(platform, 'message');
  const telemetry = connectTelemetry(telemetryUrl);
  const count = async (table) => (await telemetry.query(`SELECT count() AS n FROM ${table}`))[0].n;
  const measure = async (name, table, path, bodies, rows) => {
    await sendAll(url, path, bodies.slice(0, 2));
    await sleep(1_500);
    const before = await count(table);
    const cpu = treeCpuSeconds(platform.pid);
    const started = performance.now();
    await sendAll(url, path, bodies.slice(2));
    const expected = rows - Math.round((rows / bodies.length) * 2);
    const answered = (performance.now() - started) / 1000;
    while ((await count(table)) < before + expected) await sleep(50);
    const seconds = (performance.now() - started) / 1000;
    const used = treeCpuSeconds(platform.pid) - cpu;
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
    const result = {
      name,
      rows: expected,
      seconds,
      answered,
      rowsPerSecond: expected / seconds,
      rowsPerCpuSecond: expected / used,
      mebibytesPerCpuSecond: bytes / 1_048_576 / used,
      requestsPerSecond: (bodies.length - 2) / answered,
    };
    results.push(result);
    console.log(
      `${name.padEnd(28)} ${Math.round(result.rowsPerSecond).toLocaleString('en').padStart(9)} rows/s ${Math.round(result.rowsPerCpuSecond).toLocaleString('en').padStart(9)} rows/CPU-s ${result.mebibytesPerCpuSecond.toFixed(1).padStart(6)} MiB/CPU-s ${Math.round(result.requestsPerSecond).toLocaleString('en').padStart(7)} requests/s`,
    );
  };
  const make = (length, one) => Array.from({ length }, (_, n) => one(n));
  await measure('NDJSON, 2,500 a request', 'logs', '/ingest/ndjson', make(ROWS / 2_500, lines), ROWS);
  await measure('log containers of 100', 'logs', '/api/1/envelope/', make(ROWS / 100, logEnvelope), ROWS);
  await measure('errors with 20 frames', 'error_event_rows', '/api/1/envelope/', make(EVENTS, errorEnvelope), EVENTS);
  await measure(
    'transactions of 20 spans',
    'span_rows',
    '/api/1/envelope/',
    make(EVENTS / 4, transactionEnvelope),
    EVENTS * 5,
  );
  await telemetry.close();
  const [baseline, ...others] = results;
  for (const { name, rowsPerCpuSecond } of others) {
    console.log(
      `${name}: ${((rowsPerCpuSecond / baseline.rowsPerCpuSecond) * 100).toFixed(0)} % of the rows per CPU-second of NDJSON`,
    );
  }
  await mkdir(new URL('../results/', import.meta.url), { recursive: true });
  const file = new URL(`../results/envelopes-${new Date().toISOString().slice(0, 10)}.json`, import.meta.url);
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0] };
  await writeFile(file, `${JSON.stringify({ at: new Date().toISOString(), machine, results }, null, 2)}\n`);
} finally {
  platform.send('stop');
  await exited;
  await rm(folder, { recursive: true, force: true });
}
