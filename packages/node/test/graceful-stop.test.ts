import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { RecordingServer, until } from '../src/testing/recording-server.ts';

const DIST = resolve(import.meta.dirname, '../dist');

it('takes readiness down first, lets running requests finish, then delivers and exits with 0', async () => {
  const yumops = await new RecordingServer().listen();
  const text = `
    import { createServer } from 'node:http';
    import { readyzHandler } from ${JSON.stringify(`${DIST}/health.js`)};
    import { stopOnSignals, withRequestLog } from ${JSON.stringify(`${DIST}/http.js`)};
    const ready = readyzHandler();
    const server = createServer(withRequestLog(async (request, response) => {
      if (request.url === '/readyz') { response.statusCode = (await ready()).status; response.end(); return; }
      setTimeout(() => response.end('finished'), 700);
    }));
    server.listen(0, '127.0.0.1', () => process.send(server.address().port));
    stopOnSignals([server], { preStopDelay: 300, onStop: () => process.send('own work') });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    env: { ...process.env, YUMOPS_URL: yumops.url, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  const ended = new Promise((done) => child.once('exit', (code, signal) => done([code, signal])));
  try {
    const origin = `http://127.0.0.1:${await until(() => messages[0] as number | undefined)}`;
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    const running = fetch(`${origin}/slow`);
    await new Promise((done) => setTimeout(done, 50));
    child.kill('SIGTERM');
    await until(() => messages.length >= 1);
    await new Promise((done) => setTimeout(done, 100));
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);
    expect(await (await running).text()).toBe('finished');
    expect(await ended).toEqual([0, null]);
    expect(messages).toContain('own work');
    expect(yumops.records).toMatchObject([{ type: 'request', endpoint: '/slow', statusCode: 200 }]);
  } finally {
    child.kill('SIGKILL');
    await yumops.close();
  }
});
