import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { withFetchLog } from '../middleware/fetch-handler.ts';
import { withRequestLog } from '../middleware/node-http.ts';
import { configure } from '../runtime/pipeline.ts';
import { currentScope } from '../runtime/scope.ts';
import { until } from '../testing/recording-server.ts';
import { captureEvent, captureException, captureMessage, close, flush, lastEventId } from './capture.ts';
import { getCurrentHub, startTransaction } from './compatible.ts';
import { currentClient, init } from './current.ts';
import { setupExpressErrorHandler } from './framework-errors.ts';
import {
  consoleIntegration,
  expressIntegration,
  httpIntegration,
  type Integration,
  type Integrations,
} from './integrations.ts';
import { getCurrentScope, withScope } from './scope.ts';
import { SessionCounts } from './sessions.ts';
import { continueTrace, startSpan } from './spans.ts';

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
      const parts: Buffer[] = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        const bytes = Buffer.concat(parts);
        const text = String(request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes);
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

const eventOf = (id: string) => until(() => sent('event').find((item) => item['event_id'] === id));

it('sends an event that was put together by hand, with what is known around it', async () => {
  init({ endpoint, key: 'abc', release: 'shop@2', autoSessionTracking: false });
  const circle: Record<string, unknown> = { password: 'hunter2' };
  circle['self'] = circle;
  const id = withScope((scope) => {
    scope.setTag('from', 'scope');
    const own = { message: 'by hand', level: 'warning', release: 'shop@3', logger: 'mine', tags: { own: 1 } } as const;
    return captureEvent({ ...own, extra: { circle }, breadcrumbs: [{ message: 'before' }] });
  });
  expect(await eventOf(id)).toMatchObject({
    ...{ message: 'by hand', level: 'warning', release: 'shop@3', logger: 'mine', platform: 'node' },
    ...{ tags: { from: 'scope', own: 1 }, breadcrumbs: { values: [{ message: 'before' }] } },
    extra: { circle: { password: '[redacted]', self: '[circular]' } },
  });
  expect(captureEvent({ event_id: 'f'.repeat(32), exception: { values: 'none' } })).toBe('f'.repeat(32));
  expect(captureEvent(null as never)).toMatch(/^[0-9a-f]{32}$/);
});

it('takes integrations: those of Sentry by their names, and the application’s own', async () => {
  const shown = vi.spyOn(console, 'warn').mockReturnValue();
  const told: string[] = [];
  const own: Integration = {
    name: 'Mine',
    setupOnce: () => void told.push('once'),
    setup: () => {
      throw new Error('no');
    },
    processEvent: (event) => (event['message'] === 'secret' ? null : { ...event, logger: 'mine' }),
  };
  const named = [
    httpIntegration({ breadcrumbs: true }),
    expressIntegration(),
    consoleIntegration({ levels: ['warn'] }),
  ];
  const integrations: Integrations = (defaults) => [...defaults, ...named, own, undefined as never];
  const options = { endpoint, key: 'abc', autoSessionTracking: false };
  init({ ...options, integrations });
  init({ ...options, integrations });
  const ids = withScope(() => {
    console.warn('low on %s', 'disk');
    return [captureException(new Error('after')), captureMessage('secret'), captureMessage('last')] as const;
  });
  expect(shown).toHaveBeenCalledWith('low on %s', 'disk');
  expect(await eventOf(ids[0])).toMatchObject({
    logger: 'mine',
    breadcrumbs: { values: [{ category: 'console', level: 'warning', message: 'low on disk' }] },
  });
  await eventOf(ids[2]);
  expect(sent('event').some((item) => item['event_id'] === ids[1])).toBe(false);
  expect(told).toEqual(['once']);
  const throws = () => {
    throw new Error('no');
  };
  expect(init({ ...options, integrations: throws })).toBeDefined();
  shown.mockRestore();
});

it('has the calls of earlier versions on a hub', async () => {
  const hub = getCurrentHub();
  expect(hub.getClient()).toBe(currentClient());
  const id = hub.run((inner) => {
    inner.setTag('hub', 1);
    inner.configureScope((scope) => scope.setLevel('fatal'));
    return inner.captureException(new Error('on the hub'));
  });
  expect(await eventOf(id)).toMatchObject({ level: 'fatal', tags: { hub: 1 } });
  expect(hub.getScope().tags).toEqual({});
  expect(hub.lastEventId()).toBe(id);
});

it('goes on with the trace of a header', async () => {
  init({ endpoint, key: 'abc', tracesSampleRate: 1, autoSessionTracking: false });
  const [trace_id, parent_span_id] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  const inside = () => startSpan({ name: 'continued' }, () => currentScope()?.fields.traceId);
  const sentryTrace = `${trace_id}-${parent_span_id}-1`;
  expect(startSpan({ name: 'outer' }, () => continueTrace({ sentryTrace, baggage: undefined }, inside))).toBe(trace_id);
  const found = await until(() => sent('transaction').find(({ transaction }) => transaction === 'continued'));
  expect(found).toMatchObject({ contexts: { trace: { trace_id, parent_span_id } } });
  for (const bad of [undefined, 'x', `${'0'.repeat(32)}-${parent_span_id}`]) {
    expect(continueTrace({ sentryTrace: bad }, inside)).toBeUndefined();
  }
});

it('sends nothing once it is closed', async () => {
  expect(await close()).toBe(true);
  expect(currentClient()).toBeUndefined();
  expect(captureException(new Error('late'))).toBe('');
});
