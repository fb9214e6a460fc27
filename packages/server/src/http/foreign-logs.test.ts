import { createHmac, randomUUID } from 'node:crypto';
import { Logtail } from '@logtail/node';
import { encode } from '@msgpack/msgpack';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../test/engines.ts';
import { silentLog, startTestIngest, until } from '../../test/ingest.ts';
import { Secret } from '../lib/secret.ts';
import type { IngestKey } from './access.ts';
import { foreignLogRoutes } from './foreign-logs.ts';
import { createHttpServer } from './server.ts';

const KEYS: Record<string, IngestKey> = { server: { scope: 'server', project: '7' } };
const DRAIN = 'secret-of-the-drain';

let store: TestTelemetry;
let app: FastifyInstance;
let url: string;
let stopIngest: () => Promise<void>;

beforeAll(async () => {
  store = await startTestTelemetry();
  const { ingest, stop } = await startTestIngest({ telemetry: store.telemetry });
  stopIngest = stop;
  app = await createHttpServer({ log: silentLog, version: '0.0.0' });
  await foreignLogRoutes(app, {
    ...{ ingest, findIngestKey: async (secret) => KEYS[secret], presetKey: undefined },
    vercel: () => ({ secret: new Secret(DRAIN), verify: 'code-1' }),
  });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await app?.close();
  await stopIngest?.();
  await store?.stop();
});

function rows(relation: string, where: string, value: string, count = 1) {
  return until(async () => {
    const found = await store.telemetry.query(
      `SELECT * FROM ${relation} WHERE ${where} = {v:String} ORDER BY timestamp`,
      {
        v: value,
      },
    );
    return found.length >= count && found;
  });
}

async function post(path: string, body: string | Uint8Array, headers: Record<string, string>) {
  const response = await fetch(url + path, { method: 'POST', body: body as string, headers });
  return { status: response.status, verify: response.headers.get('x-vercel-verify'), text: await response.text() };
}

describe('Better Stack', () => {
  it('its client sends as it is, by changing the endpoint', async () => {
    const run = randomUUID();
    const logtail = new Logtail('server', { endpoint: url, throwExceptions: true });
    await logtail.warn('stock is low', { run, sku: 'A-1', error: new Error('nope') });
    await logtail.flush();
    const [row] = (await rows('application_logs', "attributes['run']", run)) as [Record<string, unknown>];
    expect(row).toMatchObject({
      level: 'warn',
      message: 'stock is low',
      project: '7',
      attributes: { sku: 'A-1', 'error.message': 'nope' },
    });
  });

  it.each([
    ['the time of the documented curl call', (at: Date) => at.toISOString().replace('T', ' ').replace(/\..*/, ' UTC')],
    ['seconds', (at: Date) => Math.floor(at.getTime() / 1_000)],
    ['nanoseconds', (at: Date) => at.getTime() * 1e6],
  ])('keeps a record with %s', async (_, write) => {
    const [message, at] = [randomUUID(), new Date(Date.now() - 3_600_000)];
    const headers = { authorization: 'Bearer server', 'content-type': 'application/json' };
    expect((await post('/', JSON.stringify({ dt: write(at), message }), headers)).status).toBe(202);
    await rows('application_logs', 'message', message);
    const [row] = await store.telemetry.query<{ at: number }>(
      'SELECT toFloat64(toUnixTimestamp64Milli(timestamp)) AS at FROM application_logs WHERE message = {message:String}',
      { message },
    );
    expect(Math.abs((row?.at ?? 0) - at.getTime())).toBeLessThan(1_000);
  });

  it('keeps what does not fit our columns, and records one after the other', async () => {
    const message = randomUUID();
    const odd = { message, dt: 'soon', duration: 'long', statusCode: 'odd', method: { a: 1 }, level: ['x'] };
    const body = Buffer.concat([encode(odd), encode({ message })]);
    const headers = { authorization: 'Bearer server', 'content-type': 'application/msgpack' };
    expect((await post('/', body, headers)).status).toBe(202);
    const found = (await rows('application_logs', 'message', message, 2)) as { attributes: Record<string, string> }[];
    expect(found.map(({ attributes }) => attributes)).toContainEqual({
      ...{ originalTimestamp: 'soon', duration: 'long', statusCode: 'odd', 'method.a': '1', level: '["x"]' },
    });
    expect(found).toHaveLength(2);
  });

  const bearer = { authorization: 'Bearer server' };
  it.each([
    [
      'an array of JSON',
      JSON.stringify([{ dt: new Date().toISOString(), message: 'a' }]),
      { ...bearer, 'content-type': 'application/json' },
      202,
    ],
    ['one object', JSON.stringify({ message: 'a' }), { ...bearer, 'content-type': 'application/json' }, 202],
    ['lines', '{"message":"a"}\n{"message":"b"}\n', { ...bearer, 'content-type': 'application/x-ndjson' }, 202],
    ['the goodbye of a client', encode([]), { ...bearer, 'content-type': 'application/msgpack' }, 202],
    ['no key', '[]', { 'content-type': 'application/json' }, 403],
    ['a wrong key', '[]', { authorization: 'Bearer other', 'content-type': 'application/json' }, 403],
    ['what is no JSON', '{', { ...bearer, 'content-type': 'application/json' }, 406],
    ['what is no MessagePack', Buffer.from([0xc1]), { ...bearer, 'content-type': 'application/msgpack' }, 406],
  ])('%s: answered as Better Stack does', async (_, body, headers, status) => {
    expect((await post('/ingest/logtail', body, headers)).status).toBe(status);
    expect((await post('/', body, headers)).status).toBe(status);
  });

  it('lets pages send, which ask before they name their token in a header', async () => {
    for (const path of ['/', '/ingest/logtail']) {
      const asked = await fetch(`${url}${path}`, {
        method: 'OPTIONS',
        headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
      });
      expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
      expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
    }
    const sent = await fetch(`${url}/`, { method: 'POST', body: '[]', headers: bearer });
    expect(sent.headers.get('access-control-allow-origin')).toBe('*');
  });
});

const sign = (body: string, secret = DRAIN) => createHmac('sha1', secret).update(body).digest('hex');

function drainLine(more: object) {
  return {
    id: randomUUID(),
    deploymentId: 'dpl_1',
    source: 'lambda',
    host: 'yumzoom.app',
    timestamp: Date.now(),
    projectId: 'prj_1',
    level: 'info',
    ...more,
  };
}

describe('a Vercel drain', () => {
  it('brings lines and requests, once, however often it is sent', async () => {
    const requestId = `iad1::${randomUUID()}`;
    const message = randomUUID();
    const proxy = {
      timestamp: Date.now(),
      method: 'GET',
      path: '/menu/9?token=abc',
      statusCode: 502,
      clientIp: '203.0.113.9',
    };
    const body = JSON.stringify([
      drainLine({ message, level: 'warning', requestId }),
      drainLine({ requestId, proxy, statusCode: 502, source: 'static' }),
    ]);
    const headers = { 'x-vercel-signature': sign(body), 'content-type': 'application/json' };
    expect(await post('/ingest/vercel', body, headers)).toMatchObject({ status: 200, verify: 'code-1' });
    expect((await post('/ingest/vercel', body, headers)).status).toBe(200);
    expect(await rows('application_logs', 'message', message)).toMatchObject([
      { level: 'warn', service: 'prj_1', release: 'dpl_1', requestId },
    ]);
    expect(await rows('requests', 'requestId', requestId)).toMatchObject([
      { endpoint: '/menu/9', method: 'GET', statusCode: 502, clientIp: '203.0.113.9' },
    ]);
    expect(await rows('application_logs', 'message', message)).toHaveLength(1);
  });

  it('a function that ended without an answer is an error and a failed request', async () => {
    const requestId = randomUUID();
    const body = JSON.stringify(
      drainLine({
        requestId,
        statusCode: -1,
        proxy: { method: 'POST', path: '/api/rate', statusCode: -1, timestamp: Date.now() },
      }),
    );
    expect((await post('/ingest/vercel', body, { 'x-vercel-signature': sign(body) })).status).toBe(200);
    expect(await rows('requests', 'requestId', requestId)).toMatchObject([{ statusCode: 500, aborted: true }]);
  });

  it.each([
    ['the signature of another body', { 'x-vercel-signature': sign('other') }, 403],
    ['no signature and no key', {}, 401],
    ['an ingest key alone', { 'x-yumops-key': 'server' }, 200],
    ['a signature by the ingest key', { 'x-yumops-key': 'server', 'x-vercel-signature': sign('[]', 'server') }, 200],
  ])('%s: %j → %i', async (_, headers, status) => {
    expect(await post('/ingest/vercel', '[]', headers)).toMatchObject({ status, verify: 'code-1' });
  });
});
