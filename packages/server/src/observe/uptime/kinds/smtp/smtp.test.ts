import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { makeCertificates, type TestCertificates } from '../../testing/certificates.ts';
import { checkOnce } from '../../testing/monitors.ts';
import { serveTcp } from '../../testing/servers.ts';

let certificates: TestCertificates;
beforeAll(() => {
  certificates = makeCertificates();
});

const servers: SMTPServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise<void>((done) => server.close(done)))));

async function serveMail(options: SMTPServerOptions = {}): Promise<number> {
  const server = new SMTPServer({
    ...certificates.good,
    authOptional: true,
    onAuth: ({ username, password }, _session, callback) =>
      username === 'ann' && password === 'sesame' ? callback(null, { user: 'ann' }) : callback(new Error('Bad login')),
    ...options,
  });
  server.on('error', () => undefined);
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return (server.server.address() as AddressInfo).port;
}

const login = { username: 'ann', password: 'sesame' };

async function check(port: number, keys: Record<string, unknown> = {}) {
  return checkOnce({ kind: 'smtp', host: 'localhost', port, timeout: '10s', ca: certificates.authority, ...keys });
}

test.each<[string, SMTPServerOptions, Record<string, unknown>]>([
  ['a greeting', {}, {}],
  ['STARTTLS', {}, { starttls: true }],
  ['STARTTLS and a login', {}, { starttls: true, auth: login }],
  ['TLS from the first byte', { secure: true }, { tls: true }],
  ['a login in the clear on this machine', { allowInsecureAuth: true }, { auth: login }],
])('%s is up', async (_what, options, keys) => {
  const result = await check(await serveMail(options), keys);
  expect(result).toMatchObject({ verdict: 'up', reason: null });
  const encrypted = 'starttls' in keys || 'tls' in keys;
  expect(result.certificate?.days).toBe(encrypted ? 19 : undefined);
});

test.each<[string, SMTPServerOptions, Record<string, unknown>, string | RegExp]>([
  ['no STARTTLS', { hideSTARTTLS: true }, { starttls: true }, 'Expected the server to offer STARTTLS, it does not.'],
  [
    'a refused login',
    {},
    { starttls: true, auth: { ...login, password: 'wrong' } },
    'Expected 235 as the answer to the login, got "535 Bad login".',
  ],
  [
    'no login',
    { disabledCommands: ['AUTH'] },
    { starttls: true, auth: login },
    /^Expected the server to offer AUTH PLAIN/,
  ],
  [
    'a full server',
    { onConnect: (_session, callback) => callback(Object.assign(new Error('Too busy'), { responseCode: 421 })) },
    {},
    'Expected 220 as the answer to the connection, got "421 Too busy".',
  ],
])('%s is down', async (_what, options, keys, reason) => {
  const result = await check(await serveMail(options), keys);
  expect(result.verdict).toBe('down');
  expect(result.reason).toMatch(reason);
});

test('a certificate that ended is down', async () => {
  const port = await serveMail({ ...certificates.expired });
  expect(await check(port, { starttls: true })).toMatchObject({
    verdict: 'down',
    reason: 'The certificate of localhost expired on 2020-02-01.',
  });
});

test('a server that is no mail server, or whose answer to STARTTLS brings more, is down', async () => {
  const other = await serveTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect((await check(other.port)).reason).toBe('Expected a mail server, got "HTTP/1.1 400 Bad Request".');
  await other.close();
  const injected = await serveTcp((socket) => {
    socket.write('220 hi\r\n');
    socket.on('data', (line) =>
      socket.write(`${line}`.startsWith('EHLO') ? '250-hi\r\n250 STARTTLS\r\n' : '220 go\r\n250 injected\r\n'),
    );
  });
  expect((await check(injected.port, { starttls: true })).reason).toMatch(/said more than its answer before TLS/);
  await injected.close();
});

test('a login is never sent in the clear to another machine', async () => {
  const seen: string[] = [];
  const server = await serveTcp((socket) => {
    socket.write('220 hi\r\n');
    socket.on('data', (line) => {
      seen.push(`${line}`);
      socket.write('250-hi\r\n250 AUTH PLAIN\r\n');
    });
  });
  const resolve = async () => [{ address: '127.0.0.1', family: 4 as const }];
  const raw = { kind: 'smtp' as const, host: 'mail.example', port: server.port, auth: login };
  expect((await checkOnce(raw, { resolve })).reason).toMatch(/^The login was not sent/);
  expect(seen).toEqual(['EHLO yumops.invalid\r\n']);
  await server.close();
});
