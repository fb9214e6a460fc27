import { afterEach, expect, test } from 'vitest';
import { checkOnce } from '../../testing/monitors.ts';
import { type Running, serveTcp } from '../../testing/servers.ts';

let server: Running | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const check = (port: number, keys: Record<string, unknown> = {}) =>
  checkOnce({ kind: 'tcp', host: '127.0.0.1', port, timeout: '3s', ...keys });

test('a port that accepts connections is up, with the time it took to connect', async () => {
  server = await serveTcp(() => undefined);
  const result = await check(server.port);
  expect(result).toMatchObject({ verdict: 'up', reason: null, phases: { dns: null, tls: null, firstByte: null } });
  expect(result.phases.connect).toBeGreaterThanOrEqual(0);
  expect(result.phases.connect).toBeLessThanOrEqual(result.durationMs);
});

test('a server is asked, and what it must say may come in pieces', async () => {
  server = await serveTcp((socket) =>
    socket.once('data', (asked) => {
      socket.write(`you said ${asked}: PO`);
      setImmediate(() => socket.write('NG\n'));
    }),
  );
  expect(await check(server.port, { send: 'PING', expect: 'PING: PONG' })).toMatchObject({ verdict: 'up' });
});

test('a port on which nobody listens', async () => {
  const gone = await serveTcp(() => undefined);
  await gone.close();
  expect(await check(gone.port)).toMatchObject({
    verdict: 'down',
    reason: `The connection to 127.0.0.1:${gone.port} was refused.`,
  });
});

test.each<[string, (socket: import('node:net').Socket) => void, string]>([
  ['something else', (socket) => socket.end('220 mail'), 'Expected the text "PONG", got "220 mail".'],
  ['nothing', (socket) => socket.end(), 'The server closed the connection before it answered.'],
  ['silence', () => undefined, 'Timed out after 3 s while waiting for the first byte of the answer.'],
])('a server that says %s', async (_what, serve, reason) => {
  server = await serveTcp(serve);
  expect(await check(server.port, { expect: 'PONG' })).toMatchObject({ verdict: 'down', reason });
});

test('a name that does not exist, and addresses that must not be called', async () => {
  expect(await check(80, { host: 'nowhere.invalid', timeout: '5s' })).toMatchObject({
    verdict: 'down',
    reason: expect.stringContaining('DNS could not resolve nowhere.invalid'),
  });
  expect(await check(80, { host: '169.254.169.254' })).toMatchObject({
    verdict: 'down',
    reason: expect.stringContaining('is a link-local or metadata address and was refused.'),
  });
  expect(await check(80, { allow_private: false })).toMatchObject({
    verdict: 'down',
    reason: expect.stringContaining('is a private address and was refused.'),
  });
});

test('one version of IP alone is called where the monitor says so', async () => {
  const server = await serveTcp(() => undefined);
  const resolve = async () => [{ address: '127.0.0.1', family: 4 as const }];
  const check = (version: 4 | 6) =>
    checkOnce({ kind: 'tcp', host: 'two.test', port: server.port, ip_version: version }, { resolve });
  expect((await check(4)).verdict).toBe('up');
  expect((await check(6)).reason).toBe('DNS could not resolve two.test: it has no IPv6 address.');
  await server.close();
});
