import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificates } from '../../testing/certificates.ts';
import { checkOnce } from '../../testing/monitors.ts';
import { listen, serveTcp } from '../../testing/servers.ts';

let folder: string;
let redis: ChildProcess;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-redis-'));
  const probe = await serveTcp(() => undefined);
  port = probe.port;
  await probe.close();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder, '--requirepass', 'sesame'];
  redis = spawn('redis-server', [...args, '--databases', '4'], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const chunk of redis.stdout ?? []) if (`${chunk}`.includes('Ready to accept')) break;
});
afterAll(async () => {
  redis.kill();
  await once(redis, 'exit');
  rmSync(folder, { recursive: true, force: true });
});

const check = (url: string) => checkOnce({ kind: 'redis', url, timeout: '3s' });

test('a login, a database and PING are up', async () => {
  const result = await check(`redis://:sesame@127.0.0.1:${port}/3`);
  expect(result).toMatchObject({ verdict: 'up', reason: null, phases: { dns: null, tls: null } });
  expect(result.phases.firstByte).toBeGreaterThan(0);
});

test.each([
  ['', 'Expected PONG from PING, got "NOAUTH Authentication required.".'],
  [':wrong@', 'Expected OK from AUTH, got "WRONGPASS invalid username-password pair or user is disabled.".'],
  ['nobody:sesame@', 'Expected OK from AUTH, got "WRONGPASS invalid username-password pair or user is disabled.".'],
])('the login "%s" is down', async (login, reason) => {
  const result = await check(`redis://${login}127.0.0.1:${port}`);
  expect(result).toMatchObject({ verdict: 'down', reason });
});

test('a database that does not exist is down', async () => {
  expect(await check(`redis://:sesame@127.0.0.1:${port}/9`)).toMatchObject({
    verdict: 'down',
    reason: 'Expected OK from SELECT, got "ERR DB index is out of range".',
  });
});

test('a server that hangs, speaks otherwise or is away is down', async () => {
  const hung = await serveTcp(() => undefined);
  const other = await serveTcp((socket) => socket.end('220 mail.example ESMTP\r\n'));
  expect((await check(`redis://127.0.0.1:${hung.port}`)).reason).toMatch(/^Timed out after 3 s/);
  expect((await check(`redis://127.0.0.1:${other.port}`)).reason).toBe('The server does not speak the Redis protocol.');
  await Promise.all([hung.close(), other.close()]);
  expect((await check(`redis://127.0.0.1:${hung.port}`)).reason).toContain('was refused');
  expect((await check('redis://169.254.169.254')).reason).toContain('metadata address and was refused');
});

test('rediss:// goes over TLS', async () => {
  const { authority, good } = makeCertificates();
  const front = createTlsServer({ key: good.key, cert: good.cert }, (socket) => {
    const inner = connect(port, '127.0.0.1');
    socket.on('error', () => inner.destroy());
    inner.on('error', () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  const server = await listen(front, 'rediss://localhost');
  const raw = { kind: 'redis' as const, url: `rediss://:sesame@localhost:${server.port}` };
  expect(await checkOnce(raw, { ca: [authority] })).toMatchObject({ verdict: 'up', certificate: { days: 19 } });
  expect(await checkOnce(raw)).toMatchObject({ verdict: 'down', reason: expect.stringContaining('not trusted') });
  await server.close();
});
