import http, { createServer, type IncomingHttpHeaders, request as requestByName } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSpan } from '../errors/spans.ts';
import { withRequestLog } from '../middleware/node-http.ts';
import { traceStateOf } from '../middleware/trace-context.ts';
import { capturingLogger } from '../testing/capturing-logger.ts';
import { post } from '../transport/http-post.ts';
import { configure, pipeline } from './pipeline.ts';
import { carryTraces, type Destination, isDestination } from './propagation.ts';
import { withContext } from './scope.ts';

const IDS = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const CARRIED = `00-${IDS.traceId}-${IDS.spanId}-01`;
const OPENTELEMETRY = Symbol.for('opentelemetry.js.api.1');

const heard: IncomingHttpHeaders[] = [];
const service = createServer((request, response) => {
  heard.push(request.headers);
  request.resume().on('end', () => response.end('x'));
});
let origin = '';
let stop: () => void;

beforeAll(async () => {
  configure({ stdout: false });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  stop = carryTraces();
});
afterAll(() => {
  stop();
  service.close().closeAllConnections();
});
afterEach(() => {
  pipeline().settings.propagateTo = undefined;
  Reflect.deleteProperty(globalThis, OPENTELEMETRY);
});

const get = (url: string, options: http.RequestOptions = {}) =>
  new Promise<void>((resolve, reject) => {
    http.get(url, options, (response) => response.resume().on('end', resolve)).on('error', reject);
  });

const upload = () =>
  new Promise<void>((resolve, reject) => {
    const request = requestByName(origin, { method: 'POST' }, (response) => response.resume().on('end', resolve));
    request.on('error', reject).write('a');
    request.write('b');
    request.end('c');
  });

/** What the service was sent as `traceparent` by a call that a request makes. */
async function sentBy(call: () => Promise<unknown>, fields: object = IDS): Promise<unknown> {
  heard.length = 0;
  await withContext({ ...fields }, call);
  expect(heard).toHaveLength(1);
  return heard[0]?.['traceparent'];
}

describe('a call within a request carries its trace on', () => {
  it.each([
    ['fetch', () => fetch(origin)],
    ['fetch with headers', () => fetch(origin, { method: 'POST', body: 'x', headers: { 'x-a': '1' } })],
    ['http.get', () => get(origin)],
    ['a request in parts, imported by name', upload],
    ['http.get with headers as an array', () => get(origin, { headers: ['host', 'a.test', 'x-a', '1'] as never })],
    ['http.get with headers as pairs', () => get(origin, { headers: [['host', 'a.test']] as never })],
    ['http.get that waits for leave', () => get(origin, { headers: { expect: '100-continue' } })],
  ])('%s', async (_name, call) => {
    expect(await sentBy(call)).toBe(CARRIED);
  });

  it('from the span that runs in it, where there is one', async () => {
    const call = () =>
      startSpan({ name: 'pay' }, async (span) => {
        await get(origin);
        expect(heard[0]?.['traceparent']).toBe(`00-${IDS.traceId}-${span.spanId}-01`);
      });
    expect(await sentBy(call)).not.toBe(CARRIED);
  });

  it('and the one that a server’s request log began or went on with, as kept or not', async () => {
    const { logger } = capturingLogger();
    const app = createServer(
      withRequestLog(
        async (_request, response) => {
          await fetch(origin);
          response.end();
        },
        { logger },
      ),
    );
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
    heard.length = 0;
    await fetch(url);
    await fetch(url, { headers: { traceparent: CARRIED.replace(/01$/, '00') } });
    const [begun, continued] = heard.map(({ traceparent }) => String(traceparent));
    expect(begun).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(continued).toMatch(new RegExp(`^00-${IDS.traceId}-[0-9a-f]{16}-00$`));
    expect(continued).not.toContain(IDS.spanId);
    app.close().closeAllConnections();
  });

  describe('with its tracestate', () => {
    const STATE = 'congo=t61rcWkgMzE, rojo=00f067aa0ba902b7';
    const PASSED = 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7';
    const viaFetch = () => fetch(origin);
    it.each<[string, Record<string, string>, () => Promise<unknown>, string | undefined]>([
      ['fetch', { traceparent: CARRIED, tracestate: STATE }, viaFetch, PASSED],
      ['http.get', { traceparent: CARRIED, tracestate: STATE }, () => get(origin), PASSED],
      [
        'an array of headers',
        { traceparent: CARRIED, tracestate: STATE },
        () => get(origin, { headers: ['host', 'a.test'] as never }),
        PASSED,
      ],
      ['not without traceparent', { tracestate: STATE }, viaFetch, undefined],
      ['not with a traceparent that is none', { traceparent: '00-1-2-01', tracestate: STATE }, viaFetch, undefined],
      ['not where it is none', { traceparent: CARRIED, tracestate: 'Congo' }, viaFetch, undefined],
      [
        'not of another trace',
        { traceparent: CARRIED, tracestate: STATE },
        () => withContext({ traceId: 'c'.repeat(32), spanId: IDS.spanId }, viaFetch),
        undefined,
      ],
      [
        'not over one that is there',
        { traceparent: CARRIED, tracestate: STATE },
        () => fetch(origin, { headers: { tracestate: 'own=1' } }),
        'own=1',
      ],
    ])('%s', async (_name, headers, call, expected) => {
      const { logger } = capturingLogger();
      const app = createServer(
        withRequestLog(async (_request, response) => void response.end(String(await call())), { logger }),
      );
      await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
      heard.length = 0;
      await fetch(`http://127.0.0.1:${(app.address() as AddressInfo).port}`, { headers });
      app.close().closeAllConnections();
      expect(heard.map(({ tracestate }) => tracestate)).toEqual([expected]);
    });
  });
});

describe('nothing is written', () => {
  it.each([
    ['outside of requests', {}],
    ['with ids that are none', { traceId: 't-1', spanId: IDS.spanId }],
    ['with ids of zeros', { traceId: '0'.repeat(32), spanId: IDS.spanId }],
  ])('%s', async (_name, fields) => {
    expect(await sentBy(() => fetch(origin), fields)).toBeUndefined();
    expect(await sentBy(() => get(origin), fields)).toBeUndefined();
  });

  it('over one that is there', async () => {
    const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    expect(await sentBy(() => fetch(origin, { headers: { TraceParent: own } }))).toBe(own);
    expect(await sentBy(() => get(origin, { headers: { TraceParent: own } }))).toBe(own);
    expect(await sentBy(() => get(origin, { headers: ['traceparent', own, 'host', 'a.test'] as never }))).toBe(own);
  });

  it('where OpenTelemetry traces, which does it by itself', async () => {
    Object.assign(globalThis, { [OPENTELEMETRY]: { trace: {} } });
    expect(await sentBy(() => fetch(origin))).toBeUndefined();
    expect(await sentBy(() => get(origin))).toBeUndefined();
  });

  it('to others than those that are wanted, nor on deliveries of our own', async () => {
    expect(await sentBy(() => post(new URL(origin), {}, Buffer.from('x'), 5_000))).toBeUndefined();
    pipeline().settings.propagateTo = ['api.example.com'];
    expect(await sentBy(() => fetch(origin))).toBeUndefined();
    expect(await sentBy(() => get(origin, { headers: { host: 'api.example.com' } }))).toBeUndefined();
    pipeline().settings.propagateTo = [/^http:\/\/127\./g];
    expect(await sentBy(() => get(origin))).toBe(CARRIED);
    expect(await sentBy(() => get(origin))).toBe(CARRIED);
  });

  it('after it was stopped', async () => {
    stop();
    expect(await sentBy(() => fetch(origin))).toBeUndefined();
    expect(await sentBy(() => get(origin))).toBeUndefined();
    stop = carryTraces();
  });
});

it.each([
  [undefined, undefined],
  ['', undefined],
  [' , ,', undefined],
  ['a=1', 'a=1'],
  ['a=1 ,\t b=2,,c=3', 'a=1,b=2,c=3'],
  ['fw529a3039@dt=FfAAAA', 'fw529a3039@dt=FfAAAA'],
  ['0tenant@sys=x', '0tenant@sys=x'],
  ['a=with space', 'a=with space'],
  ['a=', undefined],
  ['A=1', undefined],
  ['a=1=2', undefined],
  ['a=\u00e4', undefined],
  ['a', undefined],
  [`a=${'x'.repeat(256)}`, `a=${'x'.repeat(256)}`],
  [`a=${'x'.repeat(257)}`, undefined],
  [Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(','), undefined],
])('of the tracestate %j is passed on %j', (header, expected) => {
  expect(traceStateOf(header)).toBe(expected);
});

it.each<[string, Destination[] | undefined, boolean]>([
  ['http://localhost:3000', undefined, true],
  ['http://127.0.0.1', undefined, true],
  ['http://[::1]:80', undefined, true],
  ['http://10.1.2.3:8080', undefined, true],
  ['http://[fd00::1]', undefined, true],
  ['http://orders:3000', undefined, true],
  ['http://orders.shop.svc.cluster.local', undefined, true],
  ['http://orders.internal', undefined, true],
  ['https://api.stripe.com', undefined, false],
  ['https://internal.example.com', undefined, false],
  ['http://8.8.8.8', undefined, false],
  ['http://169.254.169.254', undefined, false],
  ['http://[2001:db8::1]', undefined, false],
  ['http://localhost:3000', [], false],
  ['https://api.example.com', ['api.example.com'], true],
  ['https://api.example.com:8443', ['API.example.com'], true],
  ['https://api.example.com:8443', ['api.example.com:443'], false],
  ['https://api.example.com:8443', ['https://api.example.com:8443/'], true],
  ['http://api.example.com', ['https://api.example.com'], false],
  ['https://api.example.com', ['*.example.com'], true],
  ['https://example.com', ['*.example.com'], false],
  ['https://notexample.com', ['*.example.com', 'example.com'], false],
  ['https://example.com.evil.test', ['example.com', /^https:\/\/example\.com$/], false],
  ['https://any.test', ['*'], true],
  ['no address', ['*'], false],
])('%s, for destinations %j: %s', (url, wanted, expected) => {
  expect(isDestination(url, wanted)).toBe(expected);
});
