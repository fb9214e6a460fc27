import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RecordingServer, until } from '../src/testing/recording-server.ts';

const DIST = resolve(import.meta.dirname, '../dist');

let yumops: RecordingServer;
let child: ChildProcess;
const closers: (() => void)[] = [];

beforeEach(async () => {
  yumops = await new RecordingServer().listen();
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  child.kill('SIGKILL');
  await yumops.close();
});

/** Starts a server that stops at signals. A request other than for readiness is answered when the child is told to `finish`. */
async function start(options: string) {
  const text = `
    import { createServer } from 'node:http';
    import { health } from ${JSON.stringify(`${DIST}/health.js`)};
    import { stopOnSignals, withRequestLog } from ${JSON.stringify(`${DIST}/http.js`)};
    const { readyz } = health({ filesystem: false });
    const server = createServer(withRequestLog(async (request, response) => {
      if (request.url === '/readyz') return readyz(request, response);
      process.once('message', () => response.end('finished'));
      process.send('running');
    }));
    // Connections stay open until somebody closes them.
    server.keepAliveTimeout = 0;
    server.listen(0, '127.0.0.1', () => process.send(server.address().port));
    stopOnSignals([server], { onStop: () => process.send('own work'), ...${options} });`;
  child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    env: { ...process.env, YUMOPS_URL: yumops.url, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  const ended = new Promise((done) => child.once('exit', (code, signal) => done([code, signal])));
  const port = await until(() => messages[0] as number | undefined);
  return { messages, ended, port, origin: `http://127.0.0.1:${port}` };
}

it('takes readiness down first, lets running requests finish, then delivers and exits with 0', async () => {
  const { messages, ended, origin } = await start('{ preStopDelay: 2_000 }');
  expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  const running = fetch(`${origin}/slow`);
  await until(() => messages.includes('running'));
  child.kill('SIGTERM');
  await expect.poll(async () => (await fetch(`${origin}/readyz`)).status).toBe(503);
  child.send('finish');
  expect(await (await running).text()).toBe('finished');
  expect(await ended).toEqual([0, null]);
  expect(messages).toContain('own work');
  expect(yumops.records).toMatchObject([{ type: 'request', endpoint: '/slow', statusCode: 200 }]);
});

it('waits neither for connections that stay open after their answer nor for those that never asked', async () => {
  const { messages, ended, origin, port } = await start('{ preStopDelay: 0, drainTimeout: 600_000 }');
  const agent = new Agent({ keepAlive: true });
  closers.push(() => agent.destroy());
  const silent: Socket = connect(port, '127.0.0.1');
  silent.on('error', () => undefined);
  closers.push(() => silent.destroy());
  await until(() => silent.readyState === 'open');
  const answer = new Promise<IncomingMessage>((done, fail) => {
    get(`${origin}/slow`, { agent }, done).on('error', fail);
  });
  await until(() => messages.includes('running'));
  child.kill('SIGTERM');
  // No new connection is taken, while the one that runs goes on.
  await expect
    .poll(() =>
      fetch(`${origin}/readyz`).then(
        () => 'taken',
        () => 'refused',
      ),
    )
    .toBe('refused');
  child.send('finish');
  expect((await (await answer).toArray()).join('')).toBe('finished');
  expect(await ended).toEqual([0, null]);
  expect(messages).toContain('own work');
});

it.each(['SIGTERM', 'SIGINT'] as const)(
  'a second signal, %s, ends it at once, and what waits is delivered',
  async (second) => {
    const { messages, ended, origin } = await start('{ preStopDelay: 600_000 }');
    const answered = fetch(`${origin}/slow`);
    await until(() => messages.includes('running'));
    child.send('finish');
    expect(await (await answered).text()).toBe('finished');
    const cut = fetch(`${origin}/cut`).catch(() => 'cut');
    await until(() => messages.filter((message) => message === 'running').length === 2);
    child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${origin}/readyz`)).status).toBe(503);
    child.kill(second);
    expect(await ended).toEqual([1, null]);
    expect(await cut).toBe('cut');
    expect(messages).not.toContain('own work');
    expect(yumops.records).toMatchObject([{ endpoint: '/slow', statusCode: 200 }]);
  },
);
