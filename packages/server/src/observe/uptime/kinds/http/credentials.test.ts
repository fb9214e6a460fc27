import { createServer as createHttpsServer } from 'node:https';
import { afterEach, expect, test } from 'vitest';
import { makeCertificates } from '../../testing/certificates.ts';
import { checkContext, checkOnce, monitorOf } from '../../testing/monitors.ts';
import { listen, type Running, serveHttp, serveHttps } from '../../testing/servers.ts';
import { runCheck } from '../index.ts';

const servers: Running[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const certificates = makeCertificates();

/** A service with tokens `tok-1`, `tok-2` … of which the newest alone is good, and a count of how many were given. */
async function serveTokens(expiresIn: number) {
  let given = 0;
  const asked: string[] = [];
  const server = await serveHttp((request, response) => {
    if (request.url === '/token') {
      let form = '';
      request.on('data', (chunk) => {
        form += String(chunk);
      });
      request.on('end', () => {
        asked.push(`${request.headers.authorization} ${form}`);
        const isKnown = request.headers.authorization === `Basic ${Buffer.from('ops:s%3Aecret').toString('base64')}`;
        if (isKnown) given += 1;
        response.writeHead(isKnown ? 200 : 401);
        response.end(
          JSON.stringify(
            isKnown ? { access_token: `tok-${given}`, expires_in: expiresIn } : { error: 'invalid_client' },
          ),
        );
      });
      return;
    }
    response.writeHead(request.headers.authorization === `Bearer tok-${given}` ? 200 : 401).end();
  });
  servers.push(server);
  return { url: server.url, asked, revoke: () => (given += 1) };
}

const oauth2 = (url: string, changes: Record<string, unknown> = {}) => ({
  oauth2: { token_url: `${url}/token`, client_id: 'ops', client_secret: 's:ecret', scope: 'read', ...changes },
});

test('client credentials are turned into a token, which is used until it ends or is refused', async () => {
  const service = await serveTokens(3_600);
  const monitor = monitorOf({ kind: 'http', url: service.url, auth: oauth2(service.url) });
  const check = () => runCheck(monitor, checkContext());
  expect((await check()).verdict).toBe('up');
  expect((await check()).verdict).toBe('up');
  expect(service.asked).toHaveLength(1);
  expect(service.asked[0]).toContain(' grant_type=client_credentials&scope=read');
  service.revoke();
  expect((await check()).reason).toBe('Expected status 200, got 401 Unauthorized.');
  expect((await check()).verdict).toBe('up');
  expect(service.asked).toHaveLength(2);
});

test('credentials that are not taken, and a token service that is away, are down', async () => {
  const service = await serveTokens(3_600);
  const check = (auth: unknown) => checkOnce({ kind: 'http', url: service.url, auth });
  expect((await check(oauth2(service.url, { client_secret: 'wrong' }))).reason).toBe(
    `Expected an access token from ${service.url}/token, got 401 Unauthorized (invalid_client).`,
  );
  expect((await check(oauth2('http://127.0.0.1:1'))).reason).toBe('The connection to 127.0.0.1:1 was refused.');
  expect((await check(oauth2('http://169.254.169.254'))).reason).toContain('metadata address and was refused');
});

test('a client certificate is shown to the server that asks for one', async () => {
  const { authority, good } = certificates;
  const options = { ...good, ca: authority, requestCert: true, rejectUnauthorized: true };
  const server = await listen(
    createHttpsServer(options, (_request, response) => response.end('hello')),
    'https://localhost',
  );
  servers.push(server);
  const client_certificate = { cert: good.cert, key: good.key };
  const keys = { kind: 'http' as const, url: server.url, ca: authority };
  expect(await checkOnce({ ...keys, client_certificate })).toMatchObject({ verdict: 'up' });
  expect(await checkOnce(keys)).toMatchObject({ verdict: 'down' });
});

test('a certificate with few days left is degraded where days are asked for', async () => {
  const server = await serveHttps(certificates.soon, (_request, response) => response.end());
  servers.push(server);
  const keys = { kind: 'http' as const, url: server.url, ca: certificates.authority };
  expect(await checkOnce(keys)).toMatchObject({ verdict: 'up', certificate: { days: 4 } });
  expect(await checkOnce({ ...keys, days: 14 })).toMatchObject({
    verdict: 'degraded',
    reason: expect.stringMatching(/with at least 14 days left, it ends on .*: in less than 7 days\.$/),
  });
});
