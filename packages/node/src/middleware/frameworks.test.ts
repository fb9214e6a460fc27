import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import Router from '@koa/router';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { afterEach, describe, expect, it } from 'vitest';
import { withApiLog } from '../next/with-api-log.ts';
import { addContext } from '../runtime/scope.ts';
import { capturingLogger } from '../testing/capturing-logger.ts';
import { until } from '../testing/recording-server.ts';
import { requestLogger as fastifyLogger } from './fastify.ts';
import { requestLogger as honoLogger } from './hono.ts';
import { requestLogger as koaLogger } from './koa.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

async function listen(server: Server): Promise<string> {
  if (!server.listening) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface App {
  logger: ReturnType<typeof capturingLogger>['logger'];
  records: ReturnType<typeof capturingLogger>['records'];
}

/** Each application answers `/orders/:id` with a line inside and a user, `/broken` with an exception. */
const APPS: Record<string, (app: App) => Promise<string>> = {
  async Fastify({ logger }) {
    const app = Fastify();
    await app.register(fastifyLogger, { logger });
    await app.register(async (child) => {
      child.get('/orders/:id', async () => {
        await Promise.resolve();
        logger.info('inside');
        addContext({ userId: 'u7' });
        return 'done!';
      });
    });
    app.get('/broken', async () => {
      throw new Error('broken');
    });
    closers.push(() => app.close());
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
  async Koa({ logger }) {
    const app = new Koa();
    app.silent = true;
    const router = new Router();
    router.get('/orders/:id', async (context) => {
      await Promise.resolve();
      logger.info('inside');
      addContext({ userId: 'u7' });
      context.body = 'done!';
    });
    router.get('/broken', () => {
      throw new Error('broken');
    });
    app.use(koaLogger({ logger })).use(router.routes());
    return listen(createServer(app.callback()));
  },
  async 'Hono on Node'({ logger }) {
    const app = honoApp(logger);
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    await new Promise<void>((resolve) => (server.listening ? resolve() : server.once('listening', resolve)));
    return listen(server);
  },
};

function honoApp(logger: App['logger']): Hono {
  const app = new Hono();
  app.use(honoLogger({ logger }));
  app.get('/orders/:id', async (context) => {
    await Promise.resolve();
    logger.info('inside');
    addContext({ userId: 'u7' });
    return context.text('done!');
  });
  app.get('/broken', () => {
    throw new Error('broken');
  });
  app.onError((_error, context) => context.text('sorry', 500));
  return app;
}

const lineOf = ({ records }: App) => records.filter((record) => record['type'] === 'request');

describe.each(Object.keys(APPS))('%s', (name) => {
  it('writes one line a request with its route, and ties what is logged inside to it', async () => {
    const app = capturingLogger();
    const url = await (APPS[name] as (app: App) => Promise<string>)(app);
    const response = await fetch(`${url}/orders/12?token=abc`);
    expect(await response.text()).toBe('done!');
    const [line] = await until(() => lineOf(app).length > 0 && lineOf(app));
    const requestId = response.headers.get('x-request-id');
    expect(requestId).toMatch(/^[\w-]{20,}$/);
    expect(line).toMatchObject({
      ...{ method: 'GET', endpoint: '/orders/:id', path: '/orders/12', queryKeys: ['token'], statusCode: 200 },
      ...{ requestId, userId: 'u7', ip: '127.0.0.1', responseBytes: 5, level: 'info' },
    });
    expect(app.records.find(({ message }) => message === 'inside')).toMatchObject({
      requestId,
      traceId: line?.['traceId'],
    });
    expect((await fetch(`${url}/broken`)).status).toBe(500);
    const broken = await until(() => lineOf(app).find(({ endpoint }) => endpoint === '/broken'));
    expect(broken).toMatchObject({ statusCode: 500, level: 'error' });
    expect((await fetch(`${url}/nowhere/7`)).status).toBe(404);
    await until(() => lineOf(app).some(({ statusCode }) => statusCode === 404));
    expect(lineOf(app)).toHaveLength(3);
  });
});

it('Hono where there is no server of Node: the same line from the request alone', async () => {
  const app = capturingLogger();
  const response = await honoApp(app.logger).request('http://shop.test/orders/12?token=abc');
  expect(await response.text()).toBe('done!');
  const [line] = await until(() => lineOf(app).length > 0 && lineOf(app));
  expect(line).toMatchObject({ endpoint: '/orders/:id', statusCode: 200, userId: 'u7', responseBytes: 5 });
  expect(response.headers.get('x-request-id')).toBe(line?.['requestId']);
});

it('a handler of pages/api: one line with the template that it names', async () => {
  const { logger, records } = capturingLogger();
  const url = await listen(
    createServer(withApiLog((_request, response) => response.end('ok'), '/api/orders/[id]', { logger })),
  );
  await (await fetch(`${url}/api/orders/12`)).text();
  const line = await until(() => records.find((record) => record['type'] === 'request'));
  expect(line).toMatchObject({ endpoint: '/api/orders/[id]', statusCode: 200 });
});
