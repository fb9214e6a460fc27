import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { addContext, currentScope } from '../runtime/scope.ts';
import { capturingLogger } from '../testing/capturing-logger.ts';
import { until } from '../testing/recording-server.ts';
import { requestLogger } from './express.ts';
import { withFetchLog } from './fetch-handler.ts';
import { withRequestLog } from './node-http.ts';
import { requestLogger as guideLogger } from './request-logger.ts';
import type { RequestLogOptions } from './request-policy.ts';

const servers: Server[] = [];
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

function setup(options: RequestLogOptions = {}) {
  const { logger, records } = capturingLogger();
  const lines = () => records.filter((record) => record['type'] === 'request');
  return { logger, records, lines, options: { logger, ...options } };
}

describe('plain http', () => {
  it('writes one line with everything about the request', async () => {
    const { lines, options, logger, records } = setup();
    const url = await serve(
      withRequestLog((request, response) => {
        addContext({ userId: 'u7' });
        logger.info('inside');
        request.resume().on('end', () => response.end('done!'));
      }, options),
    );
    const response = await fetch(`${url}/users/12?token=abc&page=2`, {
      method: 'POST',
      body: 'hello',
      headers: { 'user-agent': 'tester' },
    });
    await response.text();
    const [line] = await until(() => lines().length === 1 && lines());
    const requestId = response.headers.get('x-request-id');
    expect(line).toEqual({
      timestamp: expect.any(String),
      level: 'info',
      message: 'POST /users/[id] 200',
      service: 'test',
      environment: 'test',
      type: 'request',
      requestId,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      method: 'POST',
      endpoint: '/users/[id]',
      path: '/users/12',
      queryKeys: ['token', 'page'],
      statusCode: 200,
      duration: expect.any(Number),
      requestBytes: 5,
      responseBytes: 5,
      ip: '127.0.0.1',
      userId: 'u7',
      userAgent: 'tester',
      userAgentFamily: 'other',
      slow: false,
    });
    expect(records.find((record) => record['message'] === 'inside')).toMatchObject({
      requestId,
      traceId: line?.['traceId'],
    });
  });

  it.each([
    [200, 'info'],
    [404, 'info'],
    [429, 'info'],
    [500, 'error'],
    [503, 'error'],
  ])('writes status %i as level %s', async (status, level) => {
    const { lines, options } = setup();
    const url = await serve(
      withRequestLog((_request, response) => {
        response.statusCode = status;
        response.end();
      }, options),
    );
    await (await fetch(url)).text();
    expect(await until(() => lines()[0])).toMatchObject({ statusCode: status, level });
  });

  it('flags slow requests and counts the bytes of streams', async () => {
    const { lines, options } = setup({ slowAfter: 30 });
    const url = await serve(
      withRequestLog(async (_request, response) => {
        response.write('x'.repeat(5000));
        await sleep(50);
        response.end('y'.repeat(5000));
      }, options),
    );
    await (await fetch(url)).text();
    const line = await until(() => lines()[0]);
    expect(line).toMatchObject({ slow: true });
    expect(line['duration']).toBeGreaterThan(45);
    expect(line['responseBytes']).toBeGreaterThanOrEqual(10_000);
  });

  it.each([
    ['before the answer', false, 499],
    ['in the middle of the answer', true, 200],
  ])('marks a client that leaves %s', async (_name, started, statusCode) => {
    const { lines, options } = setup();
    let arrived = false;
    const url = await serve(
      withRequestLog((_request, response) => {
        if (started) {
          response.write('some');
        }
        arrived = true;
      }, options),
    );
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
      socket.write('GET /left HTTP/1.1\r\nhost: x\r\n\r\n'),
    );
    await (started ? new Promise((resolve) => socket.once('data', resolve)) : until(() => arrived));
    socket.destroy();
    expect(await until(() => lines()[0])).toMatchObject({ aborted: true, statusCode, endpoint: '/left' });
  });

  it('keeps a client’s request id only when it comes through a trusted proxy', async () => {
    const id = 'client-chosen-id-1';
    const direct = setup();
    const headers = { 'x-request-id': id, 'x-forwarded-for': '203.0.113.9' };
    const a = await fetch(await serve(withRequestLog((_q, response) => response.end(), direct.options)), { headers });
    expect(a.headers.get('x-request-id')).not.toBe(id);
    expect(await until(() => direct.lines()[0])).toMatchObject({ clientRequestId: id, ip: '127.0.0.1' });

    const behind = setup({ trustProxy: ['loopback'] });
    const b = await fetch(await serve(withRequestLog((_q, response) => response.end(), behind.options)), { headers });
    expect(b.headers.get('x-request-id')).toBe(id);
    expect(await until(() => behind.lines()[0])).toMatchObject({ requestId: id, ip: '203.0.113.9' });
  });

  it('continues a trace and skips what is ignored', async () => {
    const { lines, options } = setup({ ignore: ['/quiet'] });
    const url = await serve(withRequestLog((_request, response) => response.end(), options));
    await fetch(`${url}/quiet/x`);
    await fetch(`${url}/api/health`);
    await fetch(`${url}/loud`, { headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } });
    const line = await until(() => lines()[0]);
    expect(line).toMatchObject({ endpoint: '/loud', traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16) });
    expect(lines()).toHaveLength(1);
  });

  it('writes one line when two layers log the same request', async () => {
    const { lines, options } = setup();
    const url = await serve(
      withRequestLog(
        withRequestLog((_request, response) => response.end(), options),
        options,
      ),
    );
    await fetch(url);
    await until(() => lines().length === 1);
    await sleep(20);
    expect(lines()).toHaveLength(1);
  });
});

describe('Express', () => {
  async function app() {
    const { lines, options } = setup();
    const api = express();
    api.use(requestLogger(options));
    const router = express.Router();
    router.get('/:id/menu', (_request, response) => void response.json({ ok: true }));
    router.get('/', (_request, response) => void response.send('all'));
    api.use('/restaurants', router);
    api.get('/boom', () => {
      throw new Error('handler failed');
    });
    api.use(
      (_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) =>
        void response.status(500).send('sorry'),
    );
    return { lines, url: await serve(api) };
  }

  it.each([
    ['/restaurants/12/menu', '/restaurants/:id/menu', 200],
    ['/restaurants', '/restaurants', 200],
    ['/boom', '/boom', 500],
    ['/nowhere/42', '/nowhere/[id]', 404],
  ])('names the route of %s', async (path, endpoint, statusCode) => {
    const { url, lines } = await app();
    const response = await fetch(url + path);
    await response.text();
    const line = await until(() => lines()[0]);
    expect(line).toMatchObject({ endpoint, statusCode, path });
    expect(response.headers.get('x-request-id')).toBe(line['requestId']);
  });
});

describe('fetch handlers', () => {
  it('writes the line when the body has been read', async () => {
    const { lines, options, logger, records } = setup();
    const handler = withFetchLog(
      async () => {
        logger.info('inside');
        return new Response('hello', { status: 201, headers: { 'x-own': '1' } });
      },
      { ...options, route: () => '/things/[id]', peer: () => '198.51.100.7' },
    );
    const response = await handler(
      new Request('http://x.test/things/9?token=t', { headers: { 'x-forwarded-for': '6.6.6.6' } }),
    );
    expect(lines()).toHaveLength(0);
    expect(await response.text()).toBe('hello');
    const [line] = lines();
    expect(line).toMatchObject({
      endpoint: '/things/[id]',
      statusCode: 201,
      responseBytes: 5,
      ip: '198.51.100.7',
      queryKeys: ['token'],
    });
    expect(response.headers.get('x-own')).toBe('1');
    expect(response.headers.get('x-request-id')).toBe(line?.['requestId']);
    expect(records[0]).toMatchObject({ message: 'inside', requestId: line?.['requestId'] });
  });

  it('passes errors on and logs them as 500', async () => {
    const { lines, options } = setup();
    const handler = withFetchLog((_request: Request): Response => {
      throw new Error('mine');
    }, options);
    await expect(handler(new Request('http://x.test/'))).rejects.toThrow('mine');
    expect(lines()).toMatchObject([{ statusCode: 500, level: 'error' }]);
  });

  it('copes with redirects, empty bodies, immutable headers and bodies that are given up', async () => {
    const { lines, options } = setup();
    const responses = [
      Response.redirect('http://x.test/y', 302),
      new Response(null, { status: 204 }),
      new Response('abc'),
      Response.error(),
    ];
    const handler = withFetchLog((_request: Request) => responses.shift() as Response, options);
    expect((await handler(new Request('http://x.test/a'))).headers.get('location')).toBe('http://x.test/y');
    expect((await handler(new Request('http://x.test/b'))).status).toBe(204);
    await (await handler(new Request('http://x.test/c'))).body?.cancel();
    expect((await handler(new Request('http://x.test/d'))).type).toBe('error');
    expect(lines()).toMatchObject([
      { statusCode: 302 },
      { statusCode: 204, responseBytes: 0 },
      { statusCode: 200, aborted: true },
      { statusCode: 0 },
    ]);
  });
});

describe('the guide’s requestLogger', () => {
  it('writes one line and puts the id on the response', () => {
    const { lines, options } = setup();
    const { requestId, logResponse } = guideLogger(
      new Request('http://x.test/users/12?token=t', { method: 'PUT' }),
      options,
    );
    const response = logResponse(new Response('x', { status: 404, headers: { 'content-length': '1' } }));
    expect(response.headers.get('x-request-id')).toBe(requestId);
    expect(lines()).toMatchObject([
      { requestId, method: 'PUT', endpoint: '/users/[id]', statusCode: 404, responseBytes: 1 },
    ]);
    expect(logResponse(Response.redirect('http://x.test/y', 302)).status).toBe(302);
  });

  it('leaves the line to the server’s own log', async () => {
    const { lines, options } = setup();
    let inner: string | undefined;
    const url = await serve(
      withRequestLog((_request, response) => {
        const log = guideLogger(new Request('http://x.test/'), options);
        inner = log.logResponse(new Response()).headers.get('x-request-id') ?? undefined;
        response.end();
      }, options),
    );
    const response = await fetch(url);
    await until(() => lines().length > 0);
    expect(inner).toBe(response.headers.get('x-request-id'));
    expect(lines()).toHaveLength(1);
  });
});

it('trusts nobody when the trust cannot be read, and does not fail', async () => {
  const { lines, options } = setup({ trustProxy: ['nginx'] });
  const response = await fetch(await serve(withRequestLog((_request, answer) => answer.end('ok'), options)), {
    headers: { 'x-forwarded-for': '203.0.113.9' },
  });
  expect(await response.text()).toBe('ok');
  expect(await until(() => lines()[0])).toMatchObject({ ip: '127.0.0.1' });
});

it.each([
  ['no proxy', {}, false],
  ['a proxy by the address that it adds', { 'x-forwarded-for': '203.0.113.9' }, true],
  ['a proxy by the protocol alone', { 'x-forwarded-proto': 'https' }, true],
])('knows of %s', async (_name, headers, forwarded) => {
  const { options } = setup();
  const handler = withRequestLog((_request, answer) => answer.end(String(currentScope()?.request?.forwarded)), options);
  expect(await (await fetch(await serve(handler), { headers })).text()).toBe(String(forwarded));
});
