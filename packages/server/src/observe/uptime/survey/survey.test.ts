import { createServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates, type TestCertificates } from '../testing/certificates.ts';
import { checkContext, httpMonitor, monitorOf } from '../testing/monitors.ts';
import { listen, type Running, serveHttp } from '../testing/servers.ts';
import { sitesOf } from './sites.ts';
import { surveySites } from './survey.ts';

let certificates: TestCertificates;
const running: Running[] = [];

beforeAll(() => {
  certificates = makeCertificates();
});

afterAll(async () => {
  await Promise.all(running.map((server) => server.close()));
});

async function started(server: Promise<Running>): Promise<Running> {
  const ready = await server;
  running.push(ready);
  return ready;
}

function serveTls(options: object, name: 'good' | 'selfSigned' = 'good'): Promise<Running> {
  const server = createServer({ ...certificates[name], ...options }, (_, response) => {
    response.setHeader('set-cookie', [
      'sid=secret-value; HttpOnly',
      'theme=dark; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
    ]);
    response.end('<p>');
  });
  return started(listen(server, 'https://localhost'));
}

const survey = async (url: string) => {
  const [only] = await surveySites([httpMonitor(url)], checkContext({ ca: [certificates.authority] }));
  return only;
};

describe('a site with TLS', () => {
  test('that is well kept: what was agreed on, and nothing old', async () => {
    const { url } = await serveTls({});
    const seen = await survey(url);
    expect(seen?.problem).toBeNull();
    expect(seen?.tls).toMatchObject({ protocol: 'TLSv1.3', distrust: null, oldProtocols: [], staticCipher: null });
    expect(seen?.answers[0]?.cookies).toEqual([
      'sid=secret-value; HttpOnly',
      'theme=dark; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
    ]);
  });

  test('that still takes what was given up', async () => {
    const { url } = await serveTls({ minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' });
    expect((await survey(url))?.tls?.oldProtocols).toEqual(['TLSv1', 'TLSv1.1']);
  });

  test('that nobody should trust is asked nothing', async () => {
    const { url } = await serveTls({}, 'selfSigned');
    const seen = await survey(url);
    expect(seen?.tls?.distrust).toContain('self-signed');
    expect(seen?.answers).toEqual([]);
  });
});

test('a site that is away is a problem, and not a clean one', async () => {
  const server = await serveHttp((_, response) => response.end());
  await server.close();
  expect((await survey(server.url))?.problem).toContain('was refused');
});

test('a site that monitors may not reach is not called', async () => {
  const server = await started(serveHttp((_, response) => response.end()));
  const monitor = httpMonitor(server.url, { allowPrivate: false });
  const [seen] = await surveySites([monitor], checkContext());
  expect(seen?.problem).toContain('private address and was refused');
});

test('monitors of one origin are one site, asked for its shortest paths by GET alone', () => {
  const sites = sitesOf([
    httpMonitor('http://127.0.0.1:9/long/path/to/something'),
    httpMonitor('http://127.0.0.1:9/a'),
    httpMonitor('http://127.0.0.1:9/order', { method: 'POST' }),
    httpMonitor('http://127.0.0.1:9/paused', { paused: true }),
    monitorOf({ kind: 'tls', name: 'Certificate', host: 'shop.test' }),
    monitorOf({ kind: 'tcp', name: 'Port', host: '127.0.0.1', port: 9 }),
  ]);
  expect(sites.map(({ origin, urls, tls }) => [origin, urls, tls])).toEqual([
    ['http://127.0.0.1:9', ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/long/path/to/something'], null],
    ['https://shop.test', [], { host: 'shop.test', port: 443 }],
  ]);
});
