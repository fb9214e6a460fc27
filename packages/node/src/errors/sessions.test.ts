import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withFetchLog } from '../middleware/fetch-handler.ts';
import { withRequestLog } from '../middleware/node-http.ts';
import { configure } from '../runtime/pipeline.ts';
import { until } from '../testing/recording-server.ts';
import { captureException, close, flush, lastEventId } from './capture.ts';
import { startTransaction } from './compatible.ts';
import { currentClient, init } from './current.ts';
import { setupExpressErrorHandler } from './framework-errors.ts';
import { getCurrentScope, withScope } from './scope.ts';
import { SessionCounts } from './sessions.ts';

const items: Record<string, unknown>[] = [];
const servers: Server[] = [];

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let endpoint = '';
beforeAll(async () => {
  configure({ stdout: false });
  endpoint = await listen(
    createServer((request, response) => {
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', () => {
        const [, header = '{}', payload = '{}'] = text.split('\n');
        items.push({ url: request.url, ...JSON.parse(header), ...JSON.parse(payload), kind: JSON.parse(header).type });
        response.end('{}');
      });
    }),
  );
});

afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

const sent = (kind: string) => items.filter((item) => item['kind'] === kind);

it('counts by the minute', () => {
  const counts = new SessionCounts();
  counts.add('exited', Date.UTC(2026, 10, 30, 3, 0, 1));
  counts.add('crashed', Date.UTC(2026, 10, 30, 3, 0, 59));
  counts.add('exited', Date.UTC(2026, 10, 30, 3, 1, 0));
  expect(counts.take()).toEqual([
    { started: '2026-11-30T03:00:00.000Z', exited: 1, errored: 0, crashed: 1 },
    { started: '2026-11-30T03:01:00.000Z', exited: 1, errored: 0, crashed: 0 },
  ]);
  expect(counts.take()).toEqual([]);
});

it('tells how requests of a release went', async () => {
  init({ endpoint, key: 'abc', release: 'shop@1', environment: 'test', commit: 'c0ffee' });
  const used: ((error: unknown, request: unknown, response: unknown, next: () => void) => void)[] = [];
  setupExpressErrorHandler({ use: (handler: (typeof used)[number]) => used.push(handler) } as never);
  const origin = await listen(
    createServer(
      withRequestLog((request, response) => {
        if (request.url === '/caught') captureException(new Error('caught'));
        if (request.url === '/thrown') used[0]?.(new Error('thrown'), request, response, () => undefined);
        response.writeHead(request.url === '/thrown' ? 500 : 200).end();
      }),
    ),
  );
  for (const path of ['/fine', '/caught', '/thrown', '/also-fine']) await (await fetch(origin + path)).text();
  await (await withFetchLog(() => new Response('ok'))(new Request('http://x.test/fetched'))).text();
  await expect
    .poll(async () => {
      await flush();
      const all = sent('sessions').flatMap((item) => item['aggregates'] as Record<string, number>[]);
      return ['exited', 'errored', 'crashed'].map((name) => all.reduce((sum, one) => sum + (one[name] ?? 0), 0));
    })
    .toEqual([3, 1, 1]);
  expect(sent('sessions')[0]).toMatchObject({
    ...{ url: '/api/1/envelope/', attrs: { release: 'shop@1', environment: 'test' } },
  });
  expect(sent('event')[0]).toMatchObject({ release: 'shop@1', tags: { commit: 'c0ffee' } });
});

it('names the event of an error that was sent before, and what a capture says wins over its scope', async () => {
  const error = new Error('once');
  const id = withScope((scope) => {
    scope.setLevel('warning');
    return captureException(error, { level: 'info' });
  });
  const other = captureException(new Error('other'));
  expect(captureException(error)).toBe(id);
  expect(lastEventId()).toBe(other);
  await until(() => sent('event').some((item) => item['event_id'] === other));
  expect(sent('event').find((item) => item['event_id'] === id)).toMatchObject({ level: 'info' });
  expect(getCurrentScope().level).toBeUndefined();
});

it('takes a whole trace by the names of version 7', async () => {
  init({ endpoint, key: 'abc', tracesSampleRate: 1, autoSessionTracking: false });
  expect(currentClient()?.sessions).toBeUndefined();
  const transaction = startTransaction({ name: 'checkout', op: 'task' });
  transaction.startChild({ op: 'db', description: 'select' }).finish();
  transaction.finish();
  await until(() => sent('transaction').length === 1);
  expect(sent('transaction')[0]).toMatchObject({
    transaction: 'checkout',
    spans: [{ op: 'db', description: 'select' }],
  });
});

it('sends nothing once it is closed', async () => {
  expect(await close()).toBe(true);
  expect(currentClient()).toBeUndefined();
  expect(captureException(new Error('late'))).toBe('');
});
