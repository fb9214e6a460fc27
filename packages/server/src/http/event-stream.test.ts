import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../lib/clock.ts';
import { EventStream } from './event-stream.ts';

let app: FastifyInstance;
let port: number;
let stream: Promise<EventStream>;
let arrived: Promise<void>;
let letIn: () => void;

beforeEach(async () => {
  app = Fastify({ forceCloseConnections: true });
  const gate = new Promise<void>((resolve) => {
    letIn = resolve;
  });
  const clock = new FakeClock();
  arrived = new Promise((reachedGate) => {
    stream = new Promise((opened) => {
      app.addHook('onRequest', async () => {
        reachedGate();
        await gate;
      });
      app.get('/', (_request, reply) => opened(new EventStream(reply, clock)));
    });
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.server.address() as AddressInfo).port;
});

afterEach(() => app.close());

test('tells that the reader has gone', async () => {
  const reader = connect(port, '127.0.0.1');
  reader.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  letIn();
  const gone = stream.then((opened) => new Promise<void>((resolve) => opened.onClose(resolve)));
  await once(reader, 'data');
  reader.destroy();
  await gone;
});

test('tells that the reader had gone before it was let in', async () => {
  const reader = connect(port, '127.0.0.1');
  reader.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await arrived;
  reader.destroy();
  await expect
    .poll(() => new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count))))
    .toBe(0);
  letIn();
  const opened = await stream;
  let told = 0;
  opened.onClose(() => {
    told += 1;
  });
  expect(told).toBe(1);
});
