import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../test/engines.ts';
import { silentLog, startTestIngest, until } from '../../test/ingest.ts';
import type { Ingest } from '../observe/ingest/index.ts';
import type { IngestKey } from './access.ts';
import { ingestRoutes } from './ingest.ts';
import { createHttpServer } from './server.ts';

const KEYS: Record<string, IngestKey> = {
  server: { scope: 'server', project: '7' },
  all: { scope: 'all', project: null },
  browser: { scope: 'public', project: '7' },
};

let store: TestTelemetry;
let ingest: Ingest;
let app: FastifyInstance;
let url: string;
let stopIngest: () => Promise<void>;

beforeAll(async () => {
  store = await startTestTelemetry();
  const started = await startTestIngest({ telemetry: store.telemetry });
  ingest = started.ingest;
  stopIngest = started.stop;
  app = await createHttpServer({ log: silentLog, version: '0.0.0' });
  ingestRoutes(app, { ingest, findIngestKey: async (secret) => KEYS[secret] });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await app?.close();
  await stopIngest?.();
  await store?.stop();
});

function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  return fetch(`${url}${path}`, {
    method: 'POST',
    body: body as string,
    headers: { 'x-yumops-key': 'server', ...headers },
  });
}

async function stored(run: string, count: number) {
  return until(async () => {
    const rows = await store.telemetry.query(
      'SELECT * FROM application_logs WHERE attributes[{k:String}] = {run:String} ORDER BY message',
      {
        k: 'run',
        run,
      },
    );
    return rows.length >= count && rows;
  });
}

describe('POST /ingest/ndjson', () => {
  it('stores what it accepted, once, under the project of the key', async () => {
    const run = randomUUID();
    const body = [
      { timestamp: new Date().toISOString(), level: 'error', message: 'a', service: 'api', run },
      { timestamp: Date.now(), message: 'b', version: '1.2.3', nested: { x: 1 }, run },
    ];
    const response = await post('/ingest/ndjson', `${body.map((r) => JSON.stringify(r)).join('\n')}\nnonsense\n`);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ accepted: 2, rejected: [{ line: 3, code: 'not_an_object' }] });
    expect(await stored(run, 2)).toMatchObject([
      { level: 'error', message: 'a', service: 'api', project: '7', statusCode: null, endpoint: null },
      {
        level: 'info',
        message: 'b',
        service: null,
        version: '1.2.3',
        release: '1.2.3',
        attributes: { 'nested.x': '1' },
      },
    ]);
  });

  it('stores requests, metrics and outbound calls in their relations', async () => {
    const requestId = randomUUID();
    const lines = [
      { type: 'request', method: 'GET', endpoint: '/x', statusCode: 200, duration: 5, requestId, slow: false },
      { type: 'request', method: 'GET', endpoint: '/x', statusCode: 200, duration: 5, requestId, slow: false },
      { type: 'metric', name: 'pool_in_use', value: 3, labels: { pool: 'main' } },
      {
        type: 'outbound',
        host: 'api.stripe.com',
        provider: 'stripe',
        method: 'POST',
        duration: 20,
        failed: true,
        reason: 'timeout',
      },
    ];
    await post('/ingest/ndjson', lines.map((line) => JSON.stringify(line)).join('\n'));
    const requests = await until(async () => {
      const rows = await store.telemetry.query('SELECT * FROM requests WHERE requestId = {id:String}', {
        id: requestId,
      });
      return rows.length > 0 && rows;
    });
    expect(requests).toMatchObject([{ endpoint: '/x', statusCode: 200, slow: false, aborted: null, version: null }]);
    const logs = await until(async () => {
      const rows = await store.telemetry.query('SELECT type FROM application_logs WHERE requestId = {id:String}', {
        id: requestId,
      });
      return rows.length === 2 && rows;
    });
    expect(logs).toEqual([{ type: 'performance' }, { type: 'performance' }]);
    const calls = await until(async () => {
      const rows = await store.telemetry.query('SELECT * FROM outbound_calls');
      return rows.length > 0 && rows;
    });
    expect(calls).toMatchObject([{ provider: 'stripe', failed: true, reason: 'timeout', statusCode: null }]);
    expect(await store.telemetry.query('SELECT name, value, unit, attributes, type FROM metrics')).toEqual([
      { name: 'pool_in_use', value: 3, unit: null, attributes: { pool: 'main' }, type: 'gauge' },
    ]);
  });

  it('answers a repeated delivery as before and adds nothing', async () => {
    const run = randomUUID();
    const headers = { 'x-yumops-batch': randomUUID() };
    const body = `{"message":"once","run":"${run}"}\nbad`;
    const first = await post('/ingest/ndjson', body, headers);
    const [second, third] = await Promise.all([
      post('/ingest/ndjson', body, headers),
      post('/ingest/ndjson', body, headers),
    ]);
    const answer = await first.json();
    expect(await second.json()).toEqual(answer);
    expect(await third.json()).toEqual(answer);
    await stored(run, 1);
    await until(() => ingest.watermark() === undefined);
    expect(await stored(run, 1)).toHaveLength(1);
  });

  it('refuses a batch id that is none', async () => {
    const response = await post('/ingest/ndjson', '{}', { 'x-yumops-batch': 'a b' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_batch_id' } });
  });

  it.each([
    ['x-yumops-key', { 'x-yumops-key': 'all' }, 202],
    ['a Bearer token', { 'x-yumops-key': '', authorization: 'Bearer all' }, 202],
    ['no key', { 'x-yumops-key': '' }, 401],
    ['an unknown key', { 'x-yumops-key': 'other' }, 401],
    ['a public key', { 'x-yumops-key': 'browser' }, 403],
  ])('with %s answers %#', async (_name, headers, status) => {
    const response = await post('/ingest/ndjson', '{"message":"hello"}', headers as Record<string, string>);
    expect(response.status).toBe(status);
  });

  it('takes the key from the query', async () => {
    expect((await post('/ingest/ndjson?key=all', '{}', { 'x-yumops-key': '' })).status).toBe(202);
  });

  it('takes gzip, and refuses what is cut off, unknown or a bomb', async () => {
    const run = randomUUID();
    const packed = gzipSync(`{"message":"packed","run":"${run}"}`);
    expect((await post('/ingest/ndjson', packed, { 'content-encoding': 'gzip' })).status).toBe(202);
    await stored(run, 1);
    expect((await post('/ingest/ndjson', packed.subarray(0, -6), { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await post('/ingest/ndjson', 'plain', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await post('/ingest/ndjson', packed, { 'content-encoding': 'snappy' })).status).toBe(415);
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const answer = await post('/ingest/ndjson', bomb, { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: 'body_too_large' } });
  });

  it('closes the connection when it refuses before the body is read', async () => {
    const response = await post('/ingest/ndjson', Buffer.alloc(8 * 1024 * 1024, 32), { 'x-yumops-key': 'none' });
    expect(response.status).toBe(401);
    expect((await post('/ingest/ndjson', '{}')).status).toBe(202);
  });
});

describe('POST /ingest/json', () => {
  it('takes an object and an array', async () => {
    const run = randomUUID();
    expect(
      await (
        await post('/ingest/json', JSON.stringify({ message: '1', run }, null, 2), {
          'content-type': 'application/json',
        })
      ).json(),
    ).toEqual({
      accepted: 1,
      rejected: [],
    });
    await post(
      '/ingest/json',
      JSON.stringify([
        { message: '2', run },
        { message: '3', run },
      ]),
    );
    expect(await stored(run, 3)).toMatchObject([{ message: '1' }, { message: '2' }, { message: '3' }]);
  });

  it('refuses a document that is not valid', async () => {
    const response = await post('/ingest/json', '[{"a":1}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_json' } });
  });
});
