import http, { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type JsonRecord, RecordingServer, until } from '../testing/recording-server.ts';
import { post } from '../transport/http-post.ts';
import { watchOutboundCalls } from './outbound.ts';
import { configure, pipeline } from './pipeline.ts';
import { providerOf } from './providers.ts';
import { withContext } from './scope.ts';

const yumops = new RecordingServer();
const service = createServer((request, response) => {
  if (request.url !== '/hang') {
    response.writeHead(Number(request.url?.slice(1)) || 200).end('x');
  }
});
let origin: string;
let stop: () => void;

beforeAll(async () => {
  await yumops.listen();
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  origin = `http://${host}`;
  const isOurs = configure({
    url: yumops.url,
    key: 'k',
    service: 'test',
    stdout: false,
    providers: { [host]: 'payments' },
    transport: { interval: 10 },
  });
  // Without it no record would arrive, and each test would wait for its time.
  expect(isOurs).toBe(true);
  stop = watchOutboundCalls();
});

afterAll(async () => {
  stop();
  service.closeAllConnections();
  service.close();
  await pipeline().flush(1000);
  await yumops.close();
});

async function recordOf(call: () => Promise<unknown>): Promise<JsonRecord> {
  const before = yumops.records.length;
  await call();
  return until(() => yumops.records[before]);
}

const get = (url: string, options: http.RequestOptions = {}) =>
  new Promise<void>((resolve) => {
    http
      .get(url, options, (response) => response.resume().on('end', resolve))
      .on('timeout', function (this: http.ClientRequest) {
        this.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }));
      })
      .on('error', () => resolve());
  });

const table: [string, () => Promise<unknown>, Record<string, unknown>][] = [
  [
    'fetch',
    () => fetch(`${origin}/200?key=secret`),
    { level: 'info', provider: 'payments', method: 'GET', statusCode: 200, failed: false },
  ],
  ['fetch, 401', () => fetch(`${origin}/401`, { method: 'POST' }), { method: 'POST', statusCode: 401, failed: false }],
  [
    'fetch, 429',
    () => fetch(`${origin}/429`),
    { level: 'warn', statusCode: 429, failed: true, reason: 'rate_limited' },
  ],
  [
    'fetch, 503',
    () => fetch(`${origin}/503`),
    { level: 'warn', statusCode: 503, failed: true, reason: 'server_error' },
  ],
  [
    'fetch, timeout',
    () => fetch(`${origin}/hang`, { signal: AbortSignal.timeout(40) }).catch(() => {}),
    { failed: true, reason: 'timeout' },
  ],
  [
    'fetch, cancelled',
    () =>
      fetch(`${origin}/hang`, { signal: AbortSignal.abort() }).catch(() =>
        fetch(`${origin}/hang`, { signal: cancelSoon() }).catch(() => {}),
      ),
    { failed: false, reason: 'cancelled' },
  ],
  [
    'fetch, refused',
    () => fetch('http://127.0.0.1:59999/').catch(() => {}),
    { provider: '127.0.0.1:59999', failed: true, reason: 'network' },
  ],
  [
    'http',
    () => get(`${origin}/200?key=secret`),
    { provider: 'payments', method: 'GET', statusCode: 200, failed: false },
  ],
  ['http, 500', () => get(`${origin}/500`), { statusCode: 500, failed: true, reason: 'server_error' }],
  ['http, timeout', () => get(`${origin}/hang`, { timeout: 40 }), { failed: true, reason: 'timeout' }],
  ['http, refused', () => get('http://127.0.0.1:59999/'), { host: '127.0.0.1:59999', failed: true, reason: 'network' }],
];

function cancelSoon(): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  return controller.signal;
}

it.each(table)('reports %s', async (_name, call, expected) => {
  const record = await recordOf(call);
  expect(record).toMatchObject({ type: 'outbound', service: 'test', duration: expect.any(Number), ...expected });
  expect(JSON.stringify(record)).not.toMatch(/secret|hang/);
});

it('ties a call to the request that made it', async () => {
  const record = await recordOf(() => withContext({ requestId: 'r-1', traceId: 't-1' }, () => fetch(`${origin}/200`)));
  expect(record).toMatchObject({ requestId: 'r-1', traceId: 't-1' });
});

it('never reports its own deliveries', async () => {
  // What is sent to a server of errors has no header by which it could be known.
  await post(new URL(`${origin}/200`), {}, Buffer.from('x'), 5_000);
  await pipeline().flush(1000);
  expect(yumops.records.filter(({ method, statusCode }) => method === 'POST' && statusCode === 200)).toEqual([]);
  const ports = yumops.records.map((record) => record['host']);
  expect(ports).not.toContain(new URL(yumops.url).host);
});

it.each([
  ['api.stripe.com', 'stripe'],
  ['maps.googleapis.com', 'google-maps'],
  ['storage.googleapis.com', 'google'],
  ['bucket.s3.eu-west-1.amazonaws.com', 'aws'],
  ['notstripe.com', 'notstripe.com'],
  ['example.org:8443', 'example.org:8443'],
  ['127.0.0.1:4711', '127.0.0.1:4711'],
])('knows %s as %s', (host, provider) => {
  expect(providerOf(host)).toBe(provider);
});

it('prefers names of one’s own', () => {
  expect(providerOf('api.stripe.com', { 'api.stripe.com': 'payments' })).toBe('payments');
  expect(providerOf('10.0.0.1:90', { '10.0.0.1': 'ledger' })).toBe('ledger');
});
