import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RecordingServer } from '../src/testing/recording-server.ts';

const SDK = resolve(import.meta.dirname, '../lib/esm/index.js');

let yumops: RecordingServer;
let folder: string;
beforeEach(async () => {
  yumops = await new RecordingServer().listen();
  folder = mkdtempSync(join(tmpdir(), 'yumops-sinks-'));
});
afterEach(async () => {
  await yumops.close();
  rmSync(folder, { recursive: true });
});

/** Runs a program with the SDK as it is published, to its end. A long interval makes sure that only the end delivers. */
function run(body: string): Promise<{ end: number | string | null; stdout: string; stderr: string }> {
  const text = `import { configure, consoleSink, createLogger, fileSink, logger, otlpSink, yumopsSink } from ${JSON.stringify(SDK)};
    const LIMITS = { interval: 60_000 };
    configure({ service: 'child', stdout: false, transport: LIMITS });
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    cwd: folder,
    env: { ...process.env, YUMOPS_URL: yumops.url, YUMOPS_KEY: 'k', NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (part) => {
      output[name] += part;
    });
  }
  return new Promise((done) => child.once('close', (code, signal) => done({ end: signal ?? code, ...output })));
}

const recordsIn = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it.each([
  ['an empty event loop', '', 0],
  ['process.exit', 'process.exit(3);', 3],
  ['a signal', 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);', 'SIGTERM'],
  ['an uncaught exception', 'throw new Error("the end");', 1],
])('sinks of a logger lose nothing at %s', async (_name, ending, end) => {
  const result = await run(`const log = createLogger({
      sinks: [fileSink({ path: 'logs/app.log' }), consoleSink({ pretty: false }), yumopsSink({ url: ${JSON.stringify(yumops.url)}, ...LIMITS })],
      sampling: { perMessage: 100 },
    });
    for (let n = 0; n < 300; n++) log.info('line', { n });
    ${ending}`);
  expect(result.end).toBe(end);
  const sets = [
    recordsIn(readFileSync(join(folder, 'logs/app.log'), 'utf8')),
    recordsIn(result.stdout),
    yumops.records,
  ];
  for (const records of sets) {
    const lines = records.filter(({ message }) => message === 'line');
    expect(lines.reduce((sum, { collapsed }) => sum + Number(collapsed ?? 1), 0)).toBe(300);
    expect(lines.length).toBeLessThan(150);
  }
  const dropped = yumops.records.find(({ name }) => name === 'yumops_sdk_dropped');
  expect(dropped).toMatchObject({ labels: { reason: 'collapsed' } });
  expect(result.stderr).toMatch(/left out by sampling: \d+ \(collapsed\)/);
});

it('a fatal record is written before the process can be killed', async () => {
  const result =
    await run(`const log = createLogger({ sinks: [fileSink({ path: 'app.log' }), consoleSink({ pretty: false })] });
    log.info('before');
    log.fatal('the end');
    process.kill(process.pid, 'SIGKILL');`);
  expect(result.end).toBe('SIGKILL');
  for (const text of [result.stdout, readFileSync(join(folder, 'app.log'), 'utf8')]) {
    expect(recordsIn(text).map(({ message }) => message)).toEqual(['before', 'the end']);
  }
});

it('lines for people show no command to their terminal', async () => {
  const result = await run(`const log = createLogger({ sinks: [consoleSink({ pretty: true })] });
    log.error('a\\u001b[2Jb\\nc', new Error('outer', { cause: new TypeError('inner') }), { who: 'x\\u001b[1m' });`);
  expect(result.stdout).toContain('ERROR a\\x1b[2Jb\n  c');
  expect(result.stdout).toContain('caused by: TypeError: inner');
  expect(result.stdout).not.toContain('\u001b');
});

it('OTLP: what it was told to send, with its headers, and what is refused is counted', async () => {
  const requests: { path: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];
  const receiver = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    requests.push({ path: request.url, headers: request.headers, body: gunzipSync(Buffer.concat(parts)).toString() });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"partialSuccess":{"rejectedLogRecords":"1"}}');
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  const { port } = receiver.address() as AddressInfo;
  await run(`const log = createLogger({ sinks: [otlpSink({ url: 'http://127.0.0.1:${port}/otlp/', headers: { 'x-scope': 'a' }, ...LIMITS })] });
    log.info('hi', { password: 'hunter22', n: 1 });
    await log.flush();
    await logger.flush();`);
  receiver.close();
  expect(requests).toMatchObject([
    {
      path: '/otlp/v1/logs',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-scope': 'a' },
    },
  ]);
  const [record] = JSON.parse(requests[0]?.body ?? '').resourceLogs[0].scopeLogs[0].logRecords;
  expect(record.attributes).toEqual([
    { key: 'password', value: { stringValue: '[redacted]' } },
    { key: 'n', value: { intValue: '1' } },
  ]);
  expect(yumops.records).toMatchObject([{ name: 'yumops_sdk_dropped', value: 1, labels: { reason: 'invalid' } }]);
});

it.each([
  ['an empty event loop', '', 0],
  ['process.exit', 'process.exit(3);', 3],
  ['a signal', 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);', 'SIGTERM'],
  ['an uncaught exception', 'throw new Error("the end");', 1],
])(
  'sinks that cannot work harm nothing but their own records, which are counted, at %s',
  async (_name, ending, end) => {
    const result = await run(`const broken = () => { throw new Error('a sink of the application'); };
    const log = createLogger({ sinks: [
      { write: broken, flush: broken, close: broken, flushSync: broken, deliverSync: broken, giveUp: broken },
      otlpSink({ url: undefined, ...LIMITS }),
      yumopsSink({ url: 'collector:4318', ...LIMITS }),
      fileSink({ path: '/dev/null/app.log' }),
      consoleSink({ pretty: false }),
    ] });
    for (let n = 0; n < 10; n++) log.info('line', { n });
    ${ending}`);
    expect(result.end).toBe(end);
    expect(recordsIn(result.stdout).filter(({ message }) => message === 'line').length).toBe(10);
    expect(result.stderr).toContain('a sink has no http address to send to: undefined');
    expect(result.stderr).toContain('a sink has no http address to send to: collector:4318');
    expect(result.stderr).toContain('lost 30 (refused)');
    expect(result.stderr).toContain('10 records could not be written to /dev/null/app.log');
  },
);

it('what waits at the end goes to no other address, and its key neither', async () => {
  const asked: unknown[] = [];
  const away = createServer((request, response) => {
    asked.push(request.headers['x-yumops-key']);
    response.end();
  });
  await new Promise<void>((listening) => away.listen(0, '127.0.0.1', listening));
  const location = `http://127.0.0.1:${(away.address() as AddressInfo).port}/`;
  const receiver = createServer((_request, response) => response.writeHead(302, { location }).end());
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const result =
    await run(`createLogger({ sinks: [yumopsSink({ url: '${url}', key: 'secret', ...LIMITS })] }).info('line');
    process.exit(0);`);
  for (const server of [away, receiver]) server.close().closeAllConnections();
  expect(asked).toEqual([]);
  expect(result.stderr).toContain('1 records could not be delivered');
});

it('processes that share a file lose no record when it is full', async () => {
  const writer = (name: string) =>
    run(`const log = createLogger({ sinks: [fileSink({ path: 'shared.log', maxBytes: 4000, maxFiles: 400 })] });
    for (let n = 0; n < 1500; n++) {
      log.info('line', { writer: '${name}', n });
      if (n % 10 === 9) await log.flush();
    }`);
  await Promise.all(['a', 'b', 'c'].map(writer));
  const names = readdirSync(folder);
  expect(names).not.toContain('shared.log.lock');
  const seen = names.flatMap((name) => recordsIn(readFileSync(join(folder, name), 'utf8')));
  expect(new Set(seen.map((record) => `${record['writer']} ${record['n']}`)).size).toBe(4500);
});
