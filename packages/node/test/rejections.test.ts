import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SDK = resolve(import.meta.dirname, '../dist/sentry.js');

const events: { message: string; mechanism: object; level: string }[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const bytes = Buffer.concat(await request.toArray());
    const text = String(request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes);
    const [, header = '{}', payload = '{}'] = text.split('\n');
    if (JSON.parse(header).type === 'event') {
      const { exception, level } = JSON.parse(payload);
      const [{ value, mechanism }] = exception.values;
      events.push({ message: value, mechanism, level });
    }
    response.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  server.close().closeAllConnections();
});

async function run(body: string): Promise<{ code: number | null; stderr: string }> {
  events.length = 0;
  const dsn = `http://key@127.0.0.1:${(server.address() as AddressInfo).port}/1`;
  const text = `import { init } from ${JSON.stringify(SDK)};
    const begin = () => init({ dsn: ${JSON.stringify(dsn)}, autoSessionTracking: false });
    const later = () => new Promise((done) => setTimeout(done, 20));
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  return new Promise((done) => child.once('close', (code) => done({ code, stderr })));
}

const LISTENS = "process.on('unhandledRejection', () => undefined);";
const REJECTS = "Promise.reject(new Error('nobody caught it')); await later();";

it.each([
  ['begun before', `${LISTENS} begin(); ${REJECTS}`],
  ['begun after', `begin(); ${LISTENS} ${REJECTS}`],
  ['that hears one alone', `begin(); ${LISTENS.replace('on', 'once')} ${REJECTS}`],
])('a rejection that the application’s own listener takes is sent too: one %s', async (_name, body) => {
  expect((await run(body)).code).toBe(0);
  expect(events).toMatchObject([
    { message: 'nobody caught it', level: 'error', mechanism: { type: 'onunhandledrejection', handled: false } },
  ]);
});

it.each([
  ['a fetch that was aborted', 'const gone = new AbortController(); gone.abort(); fetch("http://127.0.0.1:9", gone);'],
  [
    'a timer of Node that was aborted',
    'const { setTimeout: wait } = await import("node:timers/promises"); wait(1, 0, { signal: AbortSignal.abort() });',
  ],
  [
    'a response whose client went away',
    'Promise.reject(Object.assign(new Error("gone"), { name: "ResponseAborted" }));',
  ],
])('%s is no error where a listener takes it; another rejection is', async (_name, aborts) => {
  expect((await run(`${LISTENS} begin(); ${aborts} ${REJECTS}`)).code).toBe(0);
  expect(events.map(({ message }) => message)).toEqual(['nobody caught it']);
});

it('an abort that ends the process is sent', async () => {
  expect((await run('begin(); Promise.reject(new DOMException("cut off", "AbortError")); await later();')).code).toBe(
    1,
  );
  expect(events).toMatchObject([{ message: 'cut off', level: 'fatal' }]);
});

it('once no listener is left, it ends the process as it would without us, and is sent once', async () => {
  const body = `begin(); const mine = () => undefined; process.on('unhandledRejection', mine); process.off('unhandledRejection', mine); ${REJECTS}`;
  const { code, stderr } = await run(body);
  expect(code).toBe(1);
  expect(stderr).toContain('nobody caught it');
  expect(events).toMatchObject([{ level: 'fatal', mechanism: { type: 'onunhandledrejection', handled: false } }]);
});
