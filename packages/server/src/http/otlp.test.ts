import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../test/engines.ts';
import { silentLog, startTestIngest, until } from '../../test/ingest.ts';
import { messageType } from '../observe/ingest/otlp/schema.ts';
import type { IngestKey } from './access.ts';
import { otlpRoutes } from './otlp.ts';
import { createHttpServer } from './server.ts';

const KEYS: Record<string, IngestKey> = {
  server: { scope: 'server', project: '7' },
  browser: { scope: 'public', project: '7' },
};

let store: TestTelemetry;
let app: FastifyInstance;
let url: string;
let stopIngest: () => Promise<void>;

beforeAll(async () => {
  store = await startTestTelemetry();
  const { ingest, stop } = await startTestIngest({ telemetry: store.telemetry });
  stopIngest = stop;
  app = await createHttpServer({ log: silentLog, version: '0.0.0' });
  await otlpRoutes(app, { ingest, findIngestKey: async (secret) => KEYS[secret] });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await app?.close();
  await stopIngest?.();
  await store?.stop();
});

function rows(relation: string, run: string, count = 1) {
  return until(async () => {
    const found = await store.telemetry.query(
      `SELECT * FROM ${relation} WHERE attributes['run'] = {run:String} ORDER BY 1`,
      { run },
    );
    return found.length >= count && found;
  });
}

const headers = { 'x-yumops-key': 'server' };
const resourceOf = (run: string) =>
  resourceFromAttributes({
    ...{ 'service.name': 'checkout', 'deployment.environment.name': 'staging', 'service.version': '2.1.0' },
    run,
  });

describe.each([
  ['protobuf', { Logs: ProtoLogs, Traces: ProtoTraces, Metrics: ProtoMetrics }],
  ['JSON', { Logs: JsonLogs, Traces: JsonTraces, Metrics: JsonMetrics }],
] as const)('the OpenTelemetry SDK over %s', (_, { Logs, Traces, Metrics }) => {
  it('sends logs with their level, attributes and trace', async () => {
    const run = randomUUID();
    const exporter = new Logs({ url: `${url}/v1/logs`, headers, compression: 'gzip' as never });
    const provider = new LoggerProvider({
      resource: resourceOf(run),
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    provider.getLogger('cart').emit({
      severityNumber: SeverityNumber.WARN2,
      body: 'stock is low',
      timestamp: Date.now() - 5_000,
      eventName: 'stock.low',
      attributes: { sku: 'A-1', left: 3, 'http.route': '/cart/:id', 'user.id': 'u-9', password: 'hunter22hunter22' },
    });
    await provider.forceFlush();
    const [row] = (await rows('application_logs', run)) as [Record<string, unknown>];
    expect(row).toMatchObject({
      ...{ level: 'warn', message: 'stock is low', service: 'checkout', environment: 'staging', release: '2.1.0' },
      ...{ project: '7', event: 'stock.low', endpoint: '/cart/:id', userId: 'u-9' },
      attributes: { sku: 'A-1', left: '3', 'otel.scope.name': 'cart', password: '[redacted]' },
    });
    await provider.shutdown();
  });

  it('sends spans with parents, kinds, status, events and exact durations', async () => {
    const run = randomUUID();
    const provider = new TracerProvider({
      resource: resourceOf(run),
      spanProcessors: [new SimpleSpanProcessor({ exporter: new Traces({ url: `${url}/v1/traces`, headers }) })],
    });
    const tracer = provider.getTracer('web');
    const start = Date.now() - 10_000;
    const root = tracer.startSpan('GET /cart', {
      kind: 1,
      startTime: start,
      attributes: { 'http.request.method': 'GET' },
    });
    root.addEvent('cache miss', { key: 'cart:9' }, start + 10);
    root.setStatus({ code: 2, message: 'boom' });
    root.end(start + 125.25);
    await provider.forceFlush();
    const [row] = (await rows('spans', run)) as [Record<string, unknown>];
    expect(row).toMatchObject({
      ...{
        name: 'GET /cart',
        kind: 'server',
        op: 'http.server',
        status: 'error',
        durationMs: 125.25,
        service: 'checkout',
      },
      ...{ traceId: root.spanContext().traceId, spanId: root.spanContext().spanId, parentSpanId: null },
      attributes: { 'status.message': 'boom' },
    });
    expect(JSON.parse(String(row['events']))).toMatchObject([{ name: 'cache miss', attributes: { key: 'cart:9' } }]);
    await provider.shutdown();
  });

  it('sends metrics; points that come twice are there once', async () => {
    const run = randomUUID();
    const exporter = new Metrics({ url: `${url}/v1/metrics`, headers });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 });
    const provider = new MeterProvider({ resource: resourceOf(run), readers: [reader] });
    const meter = provider.getMeter('shop');
    meter.createCounter('orders', { unit: '1' }).add(4, { city: 'Bergen' });
    meter.createGauge('queue').record(2.5);
    const histogram = meter.createHistogram('latency', { unit: 'ms' });
    histogram.record(10);
    histogram.record(30);
    await provider.forceFlush();
    await provider.shutdown();
    await rows('metrics', run, 3);
    const found = await store.telemetry.query(
      "SELECT name, type, max(value) AS value, max(count) AS count, max(sum) AS sum, any(unit) AS unit, uniqExact(timestamp) = count() AS once FROM metrics WHERE attributes['run'] = {run:String} GROUP BY name, type ORDER BY name",
      { run },
    );
    expect(found).toEqual([
      { name: 'latency', type: 'histogram', value: null, count: 2, sum: 40, unit: 'ms', once: 1 },
      { name: 'orders', type: 'counter', value: 4, count: null, sum: null, unit: '1', once: 1 },
      { name: 'queue', type: 'gauge', value: 2.5, count: null, sum: null, unit: null, once: 1 },
    ]);
  });
});

const spanOf = (more: object) => ({
  resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x', startTimeUnixNano: '1', endTimeUnixNano: '2', ...more }] }] }],
});
const metricOf = (metric: object) => JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
const TRACE = '5b8efff798038103d269b633813fc60c';
const SPAN = 'eee19b7ec3c1b174';

async function send(signal: string, body: string | Uint8Array, more: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/${signal}`, {
    method: 'POST',
    body: body as string,
    headers: { 'content-type': 'application/json', ...headers, ...more },
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: Buffer.from(await response.arrayBuffer()),
  };
}

describe('what senders get wrong', () => {
  it.each([
    ['an empty request', 'traces', '{}', 200, {}],
    [
      'a good span',
      'traces',
      JSON.stringify(spanOf({ traceId: TRACE, spanId: SPAN, kind: 'SPAN_KIND_CLIENT' })),
      200,
      {},
    ],
    [
      'ids in Base64',
      'traces',
      JSON.stringify(spanOf({ traceId: 'W47/95gDgQPSabYzgT/GDA==', spanId: '7uGbfsPBsXQ=' })),
      200,
      {},
    ],
    [
      'names in snake_case',
      'traces',
      JSON.stringify({ resource_spans: [{ scope_spans: [{ spans: [{ trace_id: TRACE, span_id: SPAN }] }] }] }),
      200,
      { partialSuccess: { errorMessage: expect.stringContaining('resource_spans') } },
    ],
    [
      'an id that is none',
      'traces',
      JSON.stringify(spanOf({ traceId: 'nonsense', spanId: SPAN })),
      200,
      {
        partialSuccess: {
          rejectedSpans: '1',
          errorMessage: 'a span needs a traceId of 32 and a spanId of 16 hex digits',
        },
      },
    ],
    [
      'cut off JSON',
      'logs',
      '{"resourceLogs": [',
      400,
      { code: 3, message: expect.stringContaining('no export request') },
    ],
    ['an array', 'logs', '[]', 400, { code: 3, message: expect.stringContaining('JSON object') }],
    [
      'a metric without points',
      'metrics',
      metricOf({ name: 'x' }),
      200,
      { partialSuccess: { errorMessage: 'metric x: it has no points of a kind that is known' } },
    ],
    [
      'a kind of metric that is not known, by its points',
      'metrics',
      metricOf({ name: 'x', sketch: { dataPoints: [{}, {}, {}] } }),
      200,
      {
        partialSuccess: {
          rejectedDataPoints: '3',
          errorMessage: expect.stringContaining('metric x: it has no points of a kind that is known'),
        },
      },
    ],
    [
      'a metric without a name, by its points',
      'metrics',
      metricOf({ gauge: { dataPoints: [{ asInt: '1' }, { asInt: '2' }] } }),
      200,
      { partialSuccess: { rejectedDataPoints: '2', errorMessage: 'a metric needs a name' } },
    ],
  ])('%s', async (_name, signal, body, status, answer) => {
    const got = await send(signal, body);
    expect(got.status).toBe(status);
    expect(JSON.parse(got.body.toString())).toEqual(answer);
  });

  it('a record of a log with a bad id costs that record alone', async () => {
    const run = randomUUID();
    const record = (more: object) => ({
      body: { stringValue: 'hi' },
      attributes: [{ key: 'run', value: { stringValue: run } }],
      ...more,
    });
    const logRecords = [
      record({ traceId: 'zz' }),
      record({}),
      record({ timeUnixNano: 0, severityNumber: 'SEVERITY_NUMBER_ERROR' }),
    ];
    const got = await send('logs', JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
    expect(JSON.parse(got.body.toString())).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } });
    expect((await rows('application_logs', run, 2)).map((row) => row['level']).sort()).toEqual(['error', 'info']);
  });

  it('refuses a protobuf body that is cut off, in protobuf', async () => {
    const got = await send('traces', Buffer.from([0x0a, 0x50, 0x01]), { 'content-type': 'application/x-protobuf' });
    expect([got.status, got.type]).toEqual([400, 'application/x-protobuf']);
    expect(messageType('Status').decode(got.body)).toMatchObject({ code: 3 });
  });

  it('takes compressed bodies, refuses others, and keys of web pages', async () => {
    const body = JSON.stringify(spanOf({ traceId: TRACE, spanId: SPAN }));
    expect((await send('traces', gzipSync(body), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect((await send('traces', gzipSync(body).subarray(0, 20), { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await send('traces', body, { 'content-encoding': 'lzma' })).status).toBe(415);
    expect((await send('traces', body, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await send('traces', body, { 'x-yumops-key': 'nobody' })).status).toBe(401);
    expect((await send('traces', body, { 'x-yumops-key': 'browser' })).status).toBe(403);
  });
});
