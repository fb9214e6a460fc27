import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../src/lib/clock.ts';
import { createProbeAgent } from '../../src/observe/uptime/agent/agent.ts';
import { packMonitor, type SyncRequest } from '../../src/observe/uptime/agent/wire.ts';
import { createResolver } from '../../src/observe/uptime/net/resolve.ts';
import { checkOnce, monitorOf, noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { exchange, postJson } from '../../src/respond/notify/http-exchange.ts';
import { silentLog, until } from '../ingest.ts';
import { type ChangingNames, startChangingNames } from './rebinding.ts';

/** Names that are harmless when they are looked at, and lead elsewhere afterwards. */

const NAME = 'rebind.test';
const METADATA = '169.254.169.254';
// Of a site that exists; what goes there is stopped before it leaves.
const PUBLIC = '93.184.216.34';
const HERE = '127.0.0.1';
const never = new AbortController().signal;

let names: ChangingNames;
let target: Server;
let port: number;
let called: IncomingMessage[] = [];

beforeAll(async () => {
  names = await startChangingNames();
  target = createServer((request, response) => {
    called.push(request);
    if (request.url !== '/kept') response.setHeader('connection', 'close');
    if (request.url === '/moved') response.writeHead(302, { location: `http://${NAME}:${port}/` });
    response.end('ok');
  });
  new WebSocketServer({ server: target });
  await new Promise<void>((resolve) => target.listen(0, HERE, resolve));
  port = (target.address() as AddressInfo).port;
});

afterAll(async () => {
  target.closeAllConnections();
  target.close();
  await names.stop();
});

/** Begins a case: what the name is from now on, answer by answer. */
function changing(...answers: string[][]): void {
  names.set(NAME, ...answers);
  names.dialled();
  called = [];
}

const url = (path = '/') => `http://${NAME}:${port}${path}`;
const check = (raw: Parameters<typeof checkOnce>[0], allowPrivate: boolean) =>
  checkOnce({ allow_private: allowPrivate, retries: 0, ...raw }, { resolve: createResolver() });

test('a webhook goes to the address that was judged, by one look-up', async () => {
  changing([HERE], [METADATA]);
  expect(await postJson(url(), {}, {}, never)).toMatchObject({ status: 200 });
  expect([names.asked(NAME), names.dialled(), called.length]).toEqual([1, [HERE], 1]);
  expect(await postJson(url(), {}, {}, never)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('link-local or metadata'),
  });
  expect([names.asked(NAME), names.dialled(), called.length]).toEqual([2, [], 1]);
});

test.each([
  ['is private after it was public', [[PUBLIC], [HERE]], [PUBLIC], 'retry'],
  ['is private from the start', [[HERE], [PUBLIC]], [], 'refused'],
  ['is public and private in one answer', [[PUBLIC, HERE]], [], 'refused'],
])('a webhook of a stranger whose name %s', async (_, answers, dialled, outcome) => {
  changing(...answers);
  const request = { url: url(), method: 'POST', body: '{}', publicOnly: true } as const;
  expect(await exchange(request, never)).toMatchObject({ outcome });
  expect([names.asked(NAME), names.dialled()]).toEqual([1, dialled]);
  if (dialled.length > 0) expect(await exchange(request, never)).toMatchObject({ outcome: 'refused' });
  expect([names.dialled(), called]).toEqual([[], []]);
});

test('a webhook of a stranger does not use a connection that one of our own left open', async () => {
  changing([HERE]);
  expect(await postJson(url('/kept'), {}, {}, never)).toMatchObject({ status: 200 });
  const request = { url: url('/kept'), method: 'POST', body: '{}', publicOnly: true } as const;
  expect(await exchange(request, never)).toMatchObject({ outcome: 'refused' });
  expect(called).toHaveLength(1);
});

const KINDS: readonly [string, () => Parameters<typeof checkOnce>[0]][] = [
  ['http', () => ({ kind: 'http', url: url() })],
  ['tcp', () => ({ kind: 'tcp', host: NAME, port })],
  ['websocket', () => ({ kind: 'websocket', url: `ws://${NAME}:${port}/` })],
];

test.each(KINDS)('a monitor of kind %s goes to the address that was judged, by one look-up', async (_, raw) => {
  changing([HERE], [METADATA]);
  expect(await check(raw(), true)).toMatchObject({ verdict: 'up' });
  expect([names.asked(NAME), names.dialled()]).toEqual([1, [HERE]]);
  const second = await check(raw(), true);
  expect(second.reason).toMatch(/link-local or metadata address and was refused/);
  expect([names.asked(NAME), names.dialled()]).toEqual([2, []]);
});

test.each(KINDS)('a monitor of kind %s whose name turns private', async (_, raw) => {
  changing([PUBLIC], [HERE]);
  expect((await check(raw(), false)).reason).toContain(`${PUBLIC}:${port}`);
  expect([names.asked(NAME), names.dialled()]).toEqual([1, [PUBLIC]]);
  expect((await check(raw(), false)).reason).toMatch(/private address and was refused/);
  expect([names.asked(NAME), names.dialled(), called]).toEqual([2, [], []]);
});

test('a redirect leads to a name that changes its mind', async () => {
  changing([HERE], [METADATA]);
  const followed = await check({ kind: 'http', url: url('/moved') }, true);
  expect(followed.reason).toMatch(/link-local or metadata address and was refused/);
  expect([names.asked(NAME), names.dialled(), called.length]).toEqual([2, [HERE], 1]);
});

test('an agent elsewhere judges by what it sees itself', async () => {
  changing([PUBLIC], [HERE]);
  const monitor = monitorOf({
    kind: 'http',
    url: url(),
    allow_private: false,
    retries: 1,
    check_interval: 60,
  } as never);
  const reasons: (string | null)[] = [];
  const agent = createProbeAgent({
    ...{ id: 'a', name: 'a', version: '1', clock: systemClock, log: silentLog },
    ...{ postgres: noPostgres, journeys: noJourneys },
    async send({ results }: SyncRequest) {
      reasons.push(...results.map(({ result }) => result.reason));
      const assignment = { monitors: [packMonitor(monitor)], targets: {}, referenceTargets: [] };
      const acknowledged = results.at(-1)?.sequence ?? 0;
      return {
        ...{ now: systemClock.now(), leaseMs: 3_000, location: 'fra', acknowledged, revision: '1', assignment },
      };
    },
  });
  const running = agent.run();
  await until(() => reasons.length > 0);
  expect(reasons[0]).toContain(`${PUBLIC}:${port}`);
  changing([HERE], [PUBLIC]);
  await until(() => reasons.length > 1);
  expect(reasons[1]).toMatch(/private address and was refused/);
  await agent.stop();
  await running;
  expect(names.dialled().filter((address) => address === HERE)).toEqual([]);
  expect(called).toEqual([]);
});
