import { expect, it } from 'vitest';
import { OTLP_LOGS } from './otlp-logs.ts';

const encoded = (...records: object[]) =>
  JSON.parse(OTLP_LOGS.encode(Buffer.from(records.map((one) => `${JSON.stringify(one)}\n`).join(''))).toString());

const BASE = { timestamp: '2026-01-05T10:00:00.007Z', level: 'info', message: 'hi', service: 'shop' };

it('writes each kind of value as the protocol has it', () => {
  const fields = {
    text: 'a',
    count: 3,
    share: 0.5,
    large: 1e300,
    yes: true,
    none: null,
    list: [1, 'b'],
    inner: { c: 1 },
  };
  const [record] = encoded({ ...BASE, ...fields }).resourceLogs[0].scopeLogs[0].logRecords;
  expect(record).toEqual({
    timeUnixNano: '1767607200007000000',
    observedTimeUnixNano: expect.stringMatching(/^\d{19}$/),
    ...{ severityNumber: 9, severityText: 'INFO', body: { stringValue: 'hi' } },
    attributes: [
      { key: 'text', value: { stringValue: 'a' } },
      { key: 'count', value: { intValue: '3' } },
      { key: 'share', value: { doubleValue: 0.5 } },
      { key: 'large', value: { doubleValue: 1e300 } },
      { key: 'yes', value: { boolValue: true } },
      { key: 'none', value: {} },
      { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'b' }] } } },
      { key: 'inner', value: { kvlistValue: { values: [{ key: 'c', value: { intValue: '1' } }] } } },
    ],
  });
});

it('puts records of one origin together', () => {
  const other = { ...BASE, service: 'cart', environment: 'test', release: '1.2' };
  const { resourceLogs } = encoded(BASE, other, BASE);
  expect(resourceLogs.map(({ scopeLogs }: never) => (scopeLogs as { logRecords: [] }[])[0]?.logRecords.length)).toEqual(
    [2, 1],
  );
  expect(resourceLogs[1].resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'cart' } },
    { key: 'deployment.environment.name', value: { stringValue: 'test' } },
    { key: 'service.version', value: { stringValue: '1.2' } },
  ]);
});

it.each([
  [
    'both ids',
    { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) },
    { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) },
    [],
  ],
  ['an id of another form', { traceId: 'r-1', spanId: 's' }, {}, ['traceId', 'spanId']],
  ['zeros', { traceId: '0'.repeat(32) }, {}, ['traceId']],
  ['a span alone', { traceId: 'ab'.repeat(16), spanId: 7 }, { traceId: 'ab'.repeat(16) }, ['spanId']],
])('keeps the trace with %s', (_name, given, ids, attributes) => {
  const [record] = encoded({ ...BASE, ...given }).resourceLogs[0].scopeLogs[0].logRecords;
  const { traceId, spanId } = record;
  expect({ traceId, spanId }).toEqual({ traceId: undefined, spanId: undefined, ...ids });
  expect(record.attributes.map(({ key }: { key: string }) => key)).toEqual(attributes);
});

it('gives errors the names that OpenTelemetry has', () => {
  const error = { name: 'TypeError', message: 'nope', stack: 'TypeError: nope', code: 7 };
  const [record] = encoded({ ...BASE, level: 'fatal', error }).resourceLogs[0].scopeLogs[0].logRecords;
  expect(record.severityNumber).toBe(21);
  expect(record.attributes).toEqual([
    { key: 'exception.type', value: { stringValue: 'TypeError' } },
    { key: 'exception.message', value: { stringValue: 'nope' } },
    { key: 'exception.stacktrace', value: { stringValue: 'TypeError: nope' } },
    { key: 'error', value: { kvlistValue: { values: [{ key: 'code', value: { intValue: '7' } }] } } },
  ]);
});

it.each([
  ['{}', 0],
  ['', 0],
  ['{"partialSuccess":{"rejectedLogRecords":"3"}}', 3],
])('reads from %s how many were refused', (body, refused) => expect(OTLP_LOGS.rejectedIn(body)).toBe(refused));
