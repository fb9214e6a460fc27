import { expect, it } from 'vitest';
import { encodeOtlp } from '../otlp/intake.ts';
import { RequestLines } from '../request-lines.ts';
import { SentryIntake } from '../sentry/intake.ts';
import { BodyEncoder } from './body.ts';
import type { EntryBody } from './part-set.ts';

const NOW = Date.UTC(2026, 10, 30);
const IDS = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };

function setup() {
  const requestLines = new RequestLines();
  const encoder = new BodyEncoder('t', 'key', requestLines);
  return { requestLines, encoder, sentry: new SentryIntake({ apply: () => undefined } as never, requestLines) };
}

/** Rows of one table in what was encoded. */
function rowsOf(encoded: ({ ok: true } & EntryBody) | { ok: false; message: string }, table: string) {
  if (!encoded.ok) throw new Error(encoded.message);
  let at = 0;
  return encoded.parts.flatMap((part) => {
    const text = Buffer.from(encoded.payload.subarray(at, at + part.bytes)).toString();
    at += part.bytes;
    return part.table === table
      ? text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : [];
  });
}

function otlp(rig: ReturnType<typeof setup>, span: object, service = 'api') {
  const value = (stringValue: string) => ({ stringValue });
  const body = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: value(service) }] },
        scopeSpans: [
          {
            spans: [
              { ...IDS, name: 'GET', startTimeUnixNano: `${NOW}000000`, endTimeUnixNano: `${NOW + 12}000000`, ...span },
            ],
          },
        ],
      },
    ],
  };
  const form = { signal: 'traces', encoding: 'json' } as const;
  return encodeOtlp(rig, Buffer.from(JSON.stringify(body)), form, { project: '1', now: NOW });
}

const HTTP = [
  ['http.request.method', 'GET'],
  ['http.route', '/menu/:id'],
  ['http.response.status_code', '503'],
  ['client.address', '203.0.113.9'],
].map(([key, stringValue]) => ({ key, value: { stringValue } }));

it("a server's span is a request of its service, one of a client or of other work is none", () => {
  const rig = setup();
  expect(rowsOf(otlp(rig, { kind: 2, attributes: HTTP }), 'request_rows')).toMatchObject([
    {
      ...{ method: 'GET', endpoint: '/menu/:id', statusCode: 503, duration: 12, service: 'api', project: '1' },
      ...{ clientIp: '203.0.113.9', traceId: IDS.traceId, dedupKey: `${IDS.traceId}-${IDS.spanId}`, source: 'span' },
    },
  ]);
  expect(rowsOf(otlp(rig, { kind: 3, attributes: HTTP }), 'request_rows')).toEqual([]);
  expect(rowsOf(otlp(rig, { kind: 2 }), 'request_rows')).toEqual([]);
  const older = [{ key: 'http.target', value: { stringValue: '/menu/9?page=2' } }, ...HTTP.slice(0, 1)];
  expect(rowsOf(otlp(rig, { kind: 2, attributes: older }), 'request_rows')).toMatchObject([{ endpoint: '/menu/9' }]);
});

it('unless the service writes a line for each request, for as long as a day after the last', () => {
  const rig = setup();
  const line = { type: 'request', service: 'api', method: 'GET', endpoint: '/', statusCode: 200, duration: 1 };
  const written = rig.encoder.encode(Buffer.from(JSON.stringify(line)), 'ndjson', { project: '1', now: NOW });
  expect(rowsOf(written as never, 'request_rows')).toHaveLength(1);
  expect(rowsOf(otlp(rig, { kind: 2, attributes: HTTP }), 'request_rows')).toEqual([]);
  expect(rowsOf(otlp(rig, { kind: 2, attributes: HTTP }, 'web'), 'request_rows')).toHaveLength(1);
  expect(rig.requestLines.has('1\napi', NOW + 86_399_999)).toBe(true);
  expect(rig.requestLines.has('1\napi', NOW + 86_400_000)).toBe(false);
});

it.each([
  ['server', 1],
  ['public', 0],
] as const)('a transaction with a key of scope %s: %i requests', (scope, count) => {
  const trace = {
    trace_id: IDS.traceId,
    span_id: IDS.spanId,
    op: 'http.server',
    data: { 'http.response.status_code': 200 },
  };
  const event = {
    transaction: 'GET /menu/:id',
    start_timestamp: NOW / 1_000,
    timestamp: NOW / 1_000 + 0.05,
    contexts: { trace },
  };
  const body = Buffer.from(
    ['{}', '{"type":"transaction"}', JSON.stringify({ ...event, type: 'transaction' })].join('\n'),
  );
  const context = { project: '1', now: NOW, scope, ip: null, userAgent: null, limited: [], rules: [] };
  const rows = rowsOf(setup().sentry.encode(body, 'envelope', context), 'request_rows');
  expect(rows).toHaveLength(count);
  if (count > 0) expect(rows[0]).toMatchObject({ method: 'GET', endpoint: '/menu/:id', statusCode: 200, duration: 50 });
});
