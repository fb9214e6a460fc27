import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateWarning } from '../../certificate-warning.ts';
import { type KeyPair, makeCertificates, type TestCertificates } from '../../testing/certificates.ts';
import { checkOnce } from '../../testing/monitors.ts';
import { listen, type Running, serveTcp } from '../../testing/servers.ts';

let certificates: TestCertificates;
beforeAll(() => {
  certificates = makeCertificates();
});

const servers: Running[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function check(pair: KeyPair, keys: Record<string, unknown> = {}) {
  const server = await listen(createServer({ key: pair.key, cert: pair.cert }), 'tls://localhost');
  servers.push(server);
  return checkOnce({ kind: 'tls', host: 'localhost', port: server.port, ca: certificates.authority, ...keys });
}

test('a trusted certificate that lasts is up', async () => {
  const result = await check(certificates.good);
  expect(result).toMatchObject({ verdict: 'up', reason: null, certificate: { subject: 'localhost', days: 19 } });
  expect(result.phases.tls).toBeGreaterThan(0);
});

test('a certificate that ends soon is degraded', async () => {
  expect(await check(certificates.soon)).toMatchObject({
    verdict: 'degraded',
    reason: expect.stringMatching(
      /^Expected a certificate for localhost with at least 14 days left, it ends on \d{4}-\d\d-\d\d: in less than 7 days\.$/,
    ),
  });
  expect(await check(certificates.soon, { days: 3 })).toMatchObject({ verdict: 'up' });
});

test.each<[string, keyof TestCertificates & ('expired' | 'selfSigned' | 'wrongHost'), string]>([
  ['expired', 'expired', 'The certificate of localhost expired on 2020-02-01.'],
  ['self-signed', 'selfSigned', 'The certificate of localhost is self-signed and not trusted.'],
  ['of another host', 'wrongHost', 'Expected a certificate for localhost, got one for other.example.'],
])('a certificate that is %s is down, and its facts are kept', async (_what, which, reason) => {
  const result = await check(certificates[which]);
  expect(result).toMatchObject({ verdict: 'down', reason });
  expect(result.certificate).not.toBeNull();
});

test('an authority that nobody knows is not trusted', async () => {
  const server = await listen(createServer({ ...certificates.good }), 'tls://localhost');
  servers.push(server);
  expect(await checkOnce({ kind: 'tls', host: 'localhost', port: server.port })).toMatchObject({
    verdict: 'down',
    reason: expect.stringContaining('comes from "YumOps Test CA", which is not trusted'),
  });
});

test('a port without TLS is down', async () => {
  const plain = await serveTcp((socket) => socket.on('data', () => socket.end('HTTP/1.0 400\r\n\r\n')));
  servers.push(plain);
  expect(await checkOnce({ kind: 'tls', host: 'localhost', port: plain.port })).toMatchObject({
    verdict: 'down',
    reason: 'The TLS handshake with localhost failed: the server does not speak TLS on this port.',
  });
});

test('a warning names the narrowest step that was passed', () => {
  const validTo = Date.UTC(2026, 0, 31);
  const at = (days: number, limit: number) =>
    certificateWarning('a.example', { days, validTo, validFrom: 0, issuer: '', subject: '' }, limit)?.replace(
      /^.*: in /,
      '',
    );
  expect([40, 30, 29, 14, 13, 7, 6, 1, 0].map((days) => at(days, 30))).toEqual([
    undefined,
    undefined,
    'less than 30 days.',
    'less than 30 days.',
    'less than 14 days.',
    'less than 14 days.',
    'less than 7 days.',
    'less than 7 days.',
    'less than a day.',
  ]);
  expect(at(19, 20)).toBe('less than 20 days.');
});
