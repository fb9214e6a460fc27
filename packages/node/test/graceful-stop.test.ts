import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { RecordingServer, until } from '../src/testing/recording-server.ts';

const DIST = resolve(import.meta.dirname, '../dist');

it('takes readiness down first, lets running requests finish, then delivers and exits with 0', async () => {
  const yumops = await new RecordingServer().listen();
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
    server.listen(0, '127.0.0.1', () => process.send(server.address().port));
    stopOnSignals([server], { preStopDelay: 2_000, onStop: () => process.send('own work') });`;
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
    await until(() => messages.includes('running'));
    child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${origin}/readyz`)).status).toBe(503);
    child.send('finish');
    expect(await (await running).text()).toBe('finished');
    expect(await ended).toEqual([0, null]);
    expect(messages).toContain('own work');
    expect(yumops.records).toMatchObject([{ type: 'request', endpoint: '/slow', statusCode: 200 }]);
  } finally {
    child.kill('SIGKILL');
    await yumops.close();
  }
});
