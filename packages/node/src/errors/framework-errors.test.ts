import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configure } from '../runtime/pipeline.ts';
import { RecordingServer, until } from '../testing/recording-server.ts';
import { init } from './current.ts';
import { expressErrorHandler, setupExpressErrorHandler, setupFastifyErrorHandler } from './framework-errors.ts';
import { metrics } from './metrics.ts';

interface SentEvent {
  exception: { values: { value: string; mechanism: object }[] };
}

const events: SentEvent[] = [];
const logs = new RecordingServer();
let server: Server;

beforeAll(async () => {
  await logs.listen();
  configure({ url: logs.url, key: 'k', transport: { interval: 1 } });
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      events.push(JSON.parse(text.split('\n')[2] as string) as SentEvent);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  init({ dsn: `http://key@127.0.0.1:${(server.address() as AddressInfo).port}/1` });
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await logs.close();
});

it('sends what routes of Fastify throw, not what the client did wrong', async () => {
  const app = Fastify();
  setupFastifyErrorHandler(app);
  app.get('/broken', async () => {
    throw new Error('no table');
  });
  app.get('/wrong', async () => {
    throw Object.assign(new Error('no such order'), { statusCode: 404 });
  });
  expect((await app.inject('/wrong')).statusCode).toBe(404);
  expect((await app.inject('/broken')).statusCode).toBe(500);
  await until(() => events.length === 1);
  expect(events[0]?.exception.values[0]).toMatchObject({
    ...{ value: 'no table', mechanism: { type: 'fastify', handled: false } },
  });
  await app.close();
});

it('sends what Express hands to its error middleware, and hands it on', async () => {
  const used: ReturnType<typeof expressErrorHandler>[] = [];
  setupExpressErrorHandler({ use: (handler: (typeof used)[number]) => used.push(handler) } as never);
  // Express knows error middleware by its four parameters.
  expect(used[0]?.length).toBe(4);
  const passed: unknown[] = [];
  const error = new Error('from a route');
  used[0]?.(error, {}, {}, (one) => passed.push(one));
  expressErrorHandler({ shouldHandleError: () => false })(new Error('not this'), {}, {}, () => undefined);
  await until(() => events.length === 2);
  expect(events[1]?.exception.values[0]).toMatchObject({ value: 'from a route', mechanism: { type: 'express' } });
  expect(passed).toEqual([error]);
});

it('sends metrics with the logs', async () => {
  metrics.count('orders');
  metrics.gauge('queue', 12, { unit: 'jobs', attributes: { name: 'mail' } });
  metrics.distribution('size', Number.NaN);
  await until(() => logs.records.length === 2);
  expect(logs.records).toMatchObject([
    { type: 'metric', name: 'orders', value: 1 },
    { type: 'metric', name: 'queue', value: 12, unit: 'jobs', labels: { name: 'mail' } },
  ]);
});
