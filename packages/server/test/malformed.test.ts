import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from './engines.ts';
import { type IntakeRig, SERVER_KEY, startIntakeRig } from './support/intake-rig.ts';
import { envelope, errorEvent, newId } from './support/sentry-rig.ts';

let store: TestTelemetry;
let rig: IntakeRig;

beforeAll(async () => {
  store = await startTestTelemetry();
  rig = await startIntakeRig(store.telemetry);
});

afterAll(async () => {
  await rig?.stop();
  await store?.stop();
});

const ENVELOPE = `/api/7/envelope/?sentry_key=${SERVER_KEY}&sentry_version=7`;
const key = { 'x-yumops-key': SERVER_KEY };
const json = { ...key, 'content-type': 'application/json' };
const protobuf = { ...key, 'content-type': 'application/x-protobuf' };
/** `hello\n` as one zstd frame: magic, a header with the size, one raw block that is the last. */
const zstd = (text: string) => {
  const content = Buffer.from(text);
  const head = Buffer.alloc(9);
  head.writeUInt32LE(0xfd2fb528, 0);
  head[4] = 0xa0;
  head.writeUInt32LE(content.length, 5);
  const block = Buffer.alloc(3);
  block.writeUIntLE((content.length << 3) | 1, 0, 3);
  return Buffer.concat([head, block, content]);
};
const event = (message: string, more: object = {}) =>
  envelope({ event_id: newId(), sent_at: new Date().toISOString() }, [
    'event',
    errorEvent(newId(), { exception: { values: [{ type: 'E', value: message }] }, ...more }),
  ]);
const line = (message: string) => JSON.stringify({ message, level: 'info' });
const otlpLog = (message: string, more: object = {}) => ({ body: { stringValue: message }, ...more });
const otlpLogs = (...logRecords: object[]) => JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });

type Sent = [path: string, body: string | Uint8Array, headers: Record<string, string>];
type Case = [name: string, send: (mark: string) => Sent, status: number, answer: RegExp, stored: number];

/** What is wrong, what is answered, and how many records with the mark are in the store afterwards. */
const CASES: Case[] = [
  // Encodings
  ['an envelope with gzip', (m) => [ENVELOPE, gzipSync(event(m)), { 'content-encoding': 'gzip' }], 200, /"id"/, 1],
  ['with deflate', (m) => [ENVELOPE, deflateSync(event(m)), { 'content-encoding': 'deflate' }], 200, /"id"/, 1],
  ['with br', (m) => [ENVELOPE, brotliCompressSync(event(m)), { 'content-encoding': 'br' }], 200, /"id"/, 1],
  ['with zstd', (m) => [ENVELOPE, zstd(event(m)), { 'content-encoding': 'zstd' }], 200, /"id"/, 1],
  [
    'lines with br',
    (m) => ['/ingest/ndjson', brotliCompressSync(line(m)), { ...key, 'content-encoding': 'br' }],
    202,
    /"accepted":1/,
    1,
  ],
  [
    'lines with zstd',
    (m) => ['/ingest/ndjson', zstd(line(m)), { ...key, 'content-encoding': 'zstd' }],
    202,
    /"accepted":1/,
    1,
  ],
  [
    'gzip that is cut off',
    (m) => [ENVELOPE, gzipSync(event(m)).subarray(0, -12), { 'content-encoding': 'gzip' }],
    400,
    /bad_compression/,
    0,
  ],
  [
    'zstd that is cut off',
    (m) => ['/ingest/ndjson', zstd(line(m)).subarray(0, -5), { ...key, 'content-encoding': 'zstd' }],
    400,
    /bad_compression/,
    0,
  ],
  [
    'plain text that says gzip',
    (m) => ['/ingest/ndjson', line(m), { ...key, 'content-encoding': 'gzip' }],
    400,
    /bad_compression/,
    0,
  ],
  [
    'an encoding that nobody knows',
    (m) => ['/ingest/ndjson', line(m), { ...key, 'content-encoding': 'lzma' }],
    415,
    /unsupported_encoding/,
    0,
  ],
  // Envelopes
  ['CR LF at the ends of lines', (m) => [ENVELOPE, event(m).replaceAll('\n', '\r\n'), {}], 200, /"id"/, 1],
  ['no line end at the end', (m) => [ENVELOPE, event(m).trimEnd(), {}], 200, /"id"/, 1],
  ['empty lines between items', (m) => [ENVELOPE, `${event(m).replace('\n', '\n\n')}\n\n`, {}], 200, /"id"/, 1],
  [
    'a length that is too long',
    (m) => [ENVELOPE, event(m).replace('{"type":"event"}', '{"type":"event","length":99999}'), {}],
    400,
    /invalid_item_length/,
    0,
  ],
  [
    'a length that is too short',
    (m) => [ENVELOPE, event(m).replace('{"type":"event"}', '{"type":"event","length":5}'), {}],
    400,
    /invalid_item_length/,
    0,
  ],
  [
    'a length that is no number',
    (m) => [ENVELOPE, event(m).replace('{"type":"event"}', '{"type":"event","length":"x"}'), {}],
    400,
    /invalid_item_length/,
    0,
  ],
  [
    'a header of 5 MB',
    (m) => [ENVELOPE, `{"x":"${'a'.repeat(5 * 1024 * 1024)}"}\n${event(m).split('\n').slice(1).join('\n')}`, {}],
    400,
    /envelope_header_too_large/,
    0,
  ],
  [
    'a header that is no JSON',
    (m) => [ENVELOPE, `nonsense\n${event(m).split('\n').slice(1).join('\n')}`, {}],
    400,
    /invalid_envelope/,
    0,
  ],
  [
    'an item of a type from the future beside an event',
    (m) => [ENVELOPE, `${event(m)}\n{"type":"from_the_future"}\n{}`, {}],
    200,
    /"id"/,
    1,
  ],
  [
    'two events',
    (m) => [ENVELOPE, `${event(m)}\n{"type":"event"}\n${JSON.stringify(errorEvent(newId()))}`, {}],
    400,
    /duplicate_item/,
    0,
  ],
  [
    'an event that is no object',
    (m) => [ENVELOPE, envelope({ event_id: newId() }, ['event', JSON.stringify(m)]), {}],
    400,
    /invalid_json/,
    0,
  ],
  ['an envelope of nothing', () => [ENVELOPE, '{}', {}], 200, /"id"/, 0],
  [
    'a profile and a recording, which are not kept',
    (m) => [ENVELOPE, envelope({ event_id: newId() }, ['profile', { m }], ['replay_recording', { m }]), {}],
    200,
    /"id"/,
    0,
  ],
  ['a clock that is 10 hours slow', (m) => [ENVELOPE, drifted(m, -36_000), {}], 200, /"id"/, 1],
  ['a clock that is 10 hours fast', (m) => [ENVELOPE, drifted(m, 36_000), {}], 200, /"id"/, 1],
  ['a key that nobody knows', (m) => ['/api/7/envelope/?sentry_key=nobody', event(m), {}], 403, /invalid_key/, 0],
  // Lines
  [
    'a line that is cut off beside a good one',
    (m) => ['/ingest/ndjson', `${line(m)}\n{"message":"${m}`, key],
    202,
    /"accepted":1.*"line":2.*invalid_json/,
    1,
  ],
  ['NaN', (m) => ['/ingest/ndjson', `{"message":"${m}","duration":NaN}`, key], 202, /invalid_json/, 0],
  ['two objects on a line', (m) => ['/ingest/ndjson', `${line(m)}${line(m)}`, key], 202, /trailing_data/, 0],
  ['single quotes', (m) => ['/ingest/ndjson', `{'message':'${m}'}`, key], 202, /invalid_json/, 0],
  [
    'a bare number, null and an array',
    () => ['/ingest/ndjson', '1\nnull\n[]', key],
    202,
    /"accepted":0.*not_an_object.*not_an_object.*not_an_object/,
    0,
  ],
  ['lines with CR LF', (m) => ['/ingest/ndjson', `${line(m)}\r\n${line(m)}\r\n`, key], 202, /"accepted":2/, 2],
  [
    'NUL and half a surrogate pair',
    (m) => ['/ingest/ndjson', `{"message":"${m} \\u0000 \\ud800"}`, key],
    202,
    /"accepted":1/,
    1,
  ],
  [
    'a number in an array of records',
    (m) => ['/ingest/json', `[${line(m)},5,${line(m)}]`, json],
    202,
    /"accepted":2.*"line":2.*not_an_object/,
    2,
  ],
  ['an array that is not closed', (m) => ['/ingest/json', `[${line(m)}`, json], 400, /invalid_json/, 0],
  // OTLP
  ['an empty request', () => ['/v1/logs', '{}', json], 200, /^\{\}$/, 0],
  ['an empty body in protobuf', () => ['/v1/logs', new Uint8Array(0), protobuf], 200, /^$/, 0],
  [
    'an id in Base64',
    (m) => ['/v1/logs', otlpLogs(otlpLog(m, { traceId: Buffer.alloc(16, 7).toString('base64') })), json],
    200,
    /^\{\}$/,
    1,
  ],
  [
    'an id that is none, which costs that record alone',
    (m) => ['/v1/logs', otlpLogs(otlpLog(m, { traceId: 'xyz' }), otlpLog(m)), json],
    200,
    /"rejectedLogRecords":"1"/,
    1,
  ],
  [
    'whole numbers as numbers and as texts',
    (m) => [
      '/v1/logs',
      otlpLogs(
        otlpLog(m, {
          attributes: [
            { key: 'a', value: { intValue: 7 } },
            { key: 'b', value: { intValue: '8' } },
            { key: 'c', value: {} },
          ],
        }),
      ),
      json,
    ],
    200,
    /^\{\}$/,
    1,
  ],
  [
    'names in snake_case',
    (m) => [
      '/v1/logs',
      otlpLogs(otlpLog(m))
        .replace('resourceLogs', 'resource_logs')
        .replace('scopeLogs', 'scope_logs')
        .replace('logRecords', 'log_records'),
      json,
    ],
    200,
    /^\{"partialSuccess":\{"errorMessage":"[^"]*resource_logs, scope_logs, log_records/,
    1,
  ],
  [
    'a name that nobody knows, and members of a list that are no records',
    (m) => ['/v1/logs', otlpLogs(otlpLog(m, { colour: 'red' }), 5 as never, null as never), json],
    200,
    /"rejectedLogRecords":"2","errorMessage":"[^"]*colour/,
    1,
  ],
  ['traces on the way of logs', () => ['/v1/logs', '{"resourceSpans":[]}', json], 200, /left out: resourceSpans/, 0],
  ['a list that is none', () => ['/v1/metrics', '{"resourceMetrics":{}}', json], 400, /"code":3.*must be a list/, 0],
  [
    'an attribute that does not fit the column of its name',
    (m) => [
      '/v1/logs',
      otlpLogs(otlpLog(m, { attributes: [{ key: 'duration', value: { stringValue: 'long' } }] })),
      json,
    ],
    200,
    /^\{\}$/,
    1,
  ],
  ['JSON that is cut off', (m) => ['/v1/logs', otlpLogs(otlpLog(m)).slice(0, -9), json], 400, /"code":3/, 0],
  [
    'protobuf that is cut off',
    () => ['/v1/traces', Buffer.from([0x0a, 0xff, 0x01]), protobuf],
    400,
    /export request/,
    0,
  ],
  [
    'a content type that is none of OTLP',
    (m) => ['/v1/logs', otlpLogs(otlpLog(m)), { ...key, 'content-type': 'text/plain' }],
    415,
    /unsupported_type/,
    0,
  ],
];

function drifted(message: string, seconds: number): string {
  const at = Date.now() / 1_000 + seconds;
  const header = { event_id: newId(), sent_at: new Date(at * 1_000).toISOString() };
  return envelope(header, [
    'event',
    errorEvent(newId(), { timestamp: at, exception: { values: [{ type: 'E', value: message }] } }),
  ]);
}

it.each(CASES.map((one, index) => [one[0], index] as const))('%s', async (_, index) => {
  const [, send, status, answer] = CASES[index] as Case;
  const [path, body, headers] = send(`mark-${index}-of-this`);
  const response = await rig.post(path, body, headers);
  const text = await response.text();
  expect([response.status, text], text).toEqual([status, expect.stringMatching(answer)]);
  if (path === ENVELOPE && status >= 400) expect(response.headers.get('x-sentry-error')).not.toBeNull();
});

it('and what was taken of each is in the store, once, at a time that can be', async () => {
  await rig.settled();
  const found = await store.telemetry.query<{ mark: string; n: number; late: number }>(
    `SELECT extract(message, 'mark-[0-9]+-') AS mark, count() AS n,
       max(abs(dateDiff('second', timestamp, now()))) AS late
     FROM (SELECT message, timestamp FROM logs UNION ALL SELECT message, timestamp FROM error_events)
     WHERE mark != '' GROUP BY mark`,
  );
  const byMark = new Map(found.map(({ mark, n }) => [mark, n]));
  const counts = CASES.map(([name], index) => [name, byMark.get(`mark-${index}-`) ?? 0]);
  expect(counts).toEqual(CASES.map(([name, , , , stored]) => [name, stored]));
  for (const { mark, late } of found) expect(late, mark).toBeLessThan(600);
});

it('an event that is sent twice is stored once, and what was left out is counted', async () => {
  const id = newId();
  const body = envelope({ event_id: id }, ['event', errorEvent(id)], ['profile', {}], ['from_the_future', {}]);
  for (const _ of [1, 2]) expect((await rig.post(ENVELOPE, body)).status).toBe(200);
  await rig.settled();
  expect(
    await store.telemetry.query('SELECT count() AS n FROM error_event_rows WHERE eventId = {id:String}', { id }),
  ).toEqual([{ n: 1 }]);
  const categories = await store.telemetry.query(
    "SELECT category, sum(quantity) AS n FROM client_reports WHERE reason = 'not_kept' GROUP BY category ORDER BY category",
  );
  expect(categories).toEqual([
    { category: 'profile', n: 2 },
    { category: 'replay', n: 1 },
  ]);
  const losses = await store.telemetry.query<{ reason: string; quantity: number }>(
    "SELECT reason, sum(quantity) AS quantity FROM client_reports WHERE source = 'server' GROUP BY reason ORDER BY reason",
  );
  expect(losses.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['not_kept', 'unknown_item_type']));
});

it('a span that is refused inside a transaction is counted, and the rest is taken', async () => {
  const [id, traceId] = [newId(), newId()];
  const at = Date.now() / 1_000;
  const span = (spanId: string, more = {}) => ({
    span_id: spanId,
    trace_id: traceId,
    start_timestamp: at,
    timestamp: at,
    ...more,
  });
  const body = envelope({ event_id: id }, [
    'transaction',
    {
      ...{ event_id: id, type: 'transaction', transaction: 'GET /menu', start_timestamp: at, timestamp: at },
      contexts: { trace: { trace_id: traceId, span_id: 'a'.repeat(16), op: 'http.server' } },
      spans: [span('b'.repeat(16)), span('no id'), span('c'.repeat(16), { start_timestamp: 'never' }), 'none'],
    },
  ]);
  expect((await rig.post(ENVELOPE, body)).status).toBe(200);
  await rig.settled();
  expect(
    await store.telemetry.query('SELECT spanId FROM spans WHERE traceId = {traceId:String} ORDER BY spanId', {
      traceId,
    }),
  ).toEqual([{ spanId: 'a'.repeat(16) }, { spanId: 'b'.repeat(16) }]);
  expect(
    await store.telemetry.query(
      "SELECT category, sum(quantity) AS n FROM client_reports WHERE reason = 'invalid_span' GROUP BY category",
    ),
  ).toEqual([{ category: 'span', n: 3 }]);
  const [letter] = await store.telemetry.query<{ message: string }>(
    "SELECT message FROM dead_letters WHERE code = 'invalid_span' AND message LIKE '%of a transaction%'",
  );
  expect(letter?.message).toBe(
    '3 of the 4 spans of a transaction were not taken. A span needs a trace_id of 32 and a span_id of 16 hex digits.',
  );
});

it('the address and the browser are filled in where a container asks for it, and nowhere else', async () => {
  const text = (value: string) => ({ value, type: 'string' });
  const send = async (settings: object, attributes = {}) => {
    const traceId = newId();
    const member = { trace_id: traceId, span_id: 'd'.repeat(16), name: 'click', start_timestamp: Date.now() / 1_000 };
    const container = { version: 2, ingest_settings: settings, items: [{ ...member, attributes }] };
    const body = [{}, { type: 'span', item_count: 1 }, container].map((part) => JSON.stringify(part)).join('\n');
    expect((await rig.post(ENVELOPE, body, { 'user-agent': 'Browser/1' })).status).toBe(200);
    await rig.settled();
    const [row] = await store.telemetry.query<{ attributes: Record<string, string> }>(
      'SELECT attributes FROM spans WHERE traceId = {traceId:String}',
      { traceId },
    );
    return row?.attributes;
  };
  const auto = { infer_ip: 'auto', infer_user_agent: 'auto' };
  expect(await send(auto)).toEqual({ 'client.address': '127.0.0.1', 'user_agent.original': 'Browser/1' });
  expect(await send(auto, { 'client.address': text('192.0.2.7') })).toMatchObject({ 'client.address': '192.0.2.7' });
  expect(await send({ infer_ip: 'never', infer_user_agent: 'never' })).toEqual({});
});

it('the span of a structured log is known also when its id passes for a card number', async () => {
  const [traceId, spanId] = [newId(), '4111111111111111'];
  const text = (value: string) => ({ value, type: 'string' });
  const attributes = { 'sentry.trace.parent_span_id': text(spanId), 'order.card': text(spanId) };
  const log = { timestamp: Date.now() / 1_000, level: 'info', body: 'paid', trace_id: traceId, attributes };
  const header = { type: 'log', item_count: 1, content_type: 'application/vnd.sentry.items.log+json' };
  const body = [{}, header, { items: [log] }].map((part) => JSON.stringify(part)).join('\n');
  expect((await rig.post(ENVELOPE, body)).status).toBe(200);
  await rig.settled();
  const [row] = await store.telemetry.query<{ spanId: string; attributes: Record<string, string> }>(
    'SELECT spanId, attributes FROM logs WHERE traceId = {traceId:String}',
    { traceId },
  );
  expect(row?.spanId).toBe(spanId);
  expect(JSON.stringify(row?.attributes).split(spanId)).toHaveLength(2);
});
