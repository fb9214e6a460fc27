import { describe, expect, it } from 'vitest';
import { BodyEncoder, type BodyFormat } from './body.ts';

const NOW = Date.UTC(2026, 10, 23, 10, 0, 0, 123);

function encode(body: string | Buffer, format: BodyFormat = 'ndjson') {
  const encoded = new BodyEncoder('test', 'key').encode(Buffer.from(body as string), format, {
    project: '1',
    now: NOW,
  });
  if (!encoded.ok)
    return { refused: encoded, rows: {} as Record<string, Record<string, unknown>[]>, answer: undefined };
  const rows: Record<string, Record<string, unknown>[]> = {};
  let at = 0;
  for (const part of encoded.parts) {
    const text = Buffer.from(encoded.payload.subarray(at, at + part.bytes)).toString();
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(part.rowCount);
    rows[part.table] = [...(rows[part.table] ?? []), ...lines.map((line) => JSON.parse(line))];
    at += part.bytes;
  }
  return { answer: encoded.answer, rows, parts: encoded.parts, refused: undefined };
}

function one(record: unknown): Record<string, unknown> {
  const { rows, answer } = encode(JSON.stringify(record));
  expect(answer).toEqual({ accepted: 1, rejected: [] });
  return rows['logs']?.[0] as Record<string, unknown>;
}

describe('a log record', () => {
  it('keeps its columns as they came beside what becomes attributes, wherever that stands', () => {
    const columns = '"timestamp":"2026-11-23T09:59:59.000Z", "level":"warn"';
    const { rows } = encode(`{"a":1,${columns},"none":null,"b":{"c":true},"message":"m","statusCode":200 ,"d":[1]}`);
    expect(rows['logs']).toEqual([
      {
        ...JSON.parse(`{${columns}}`),
        ...{ message: 'm', statusCode: 200, attributes: { a: '1', 'b.c': 'true', d: '[1]' } },
        ...{ id: expect.any(String), project: '1', retentionClass: 'logs' },
      },
    ]);
    const bare = encode(`{${columns},"none":null}`).rows['logs']?.[0];
    expect(Object.keys(bare ?? {}).sort()).toEqual(['id', 'level', 'project', 'retentionClass', 'timestamp']);
  });

  it('is copied as it came when every key is a column of the right type', () => {
    const line =
      '{"timestamp":"2026-11-23T09:59:59.000Z", "level":"warn","message":"Hi \\"you\\" ü","statusCode":200,"duration":1.5}';
    const { rows } = encode(line);
    const [row] = rows['logs'] as [Record<string, unknown>];
    expect(row).toMatchObject(JSON.parse(line));
    expect(row).toMatchObject({ project: '1', retentionClass: 'logs' });
    expect(row['id']).toMatch(/^[0-9a-z]+-test1$/);
    expect(row['attributes']).toBeUndefined();
  });

  it('keeps unknown keys as flat attributes', () => {
    const row = one({
      timestamp: NOW,
      message: 'x',
      cart: { id: 7, tags: ['a', { b: 1 }], deep: { ok: true } },
      n: null,
      f: 1.5,
      s: 'q"',
    });
    expect(row['attributes']).toEqual({
      'cart.id': '7',
      'cart.tags': '["a",{"b":1}]',
      'cart.deep.ok': 'true',
      f: '1.5',
      s: 'q"',
    });
  });

  it.each([
    [{ attributes: { a: 1, b: { c: 2 } } }, { a: '1', 'b.c': '2' }],
    [
      { project: '9', id: 'mine', retentionClass: 'x' },
      { project: '9', id: 'mine', retentionClass: 'x' },
    ],
    [{ 'dotted.key': 1 }, { 'dotted.key': '1' }],
    [{ empty: {} }, undefined],
    [{ message: 'a', msg: 'b' }, { msg: 'b' }],
  ])('%j has attributes %j', (extra, attributes) => {
    expect(one({ timestamp: NOW, ...extra })['attributes']).toEqual(attributes);
  });

  it.each([
    ['WARNING', 'warn', undefined],
    ['Err', 'error', undefined],
    [30, 'info', undefined],
    ['60', 'fatal', undefined],
    ['critical', 'fatal', undefined],
    ['odd', 'info', { originalLevel: 'odd' }],
  ])('of level %j has level %s', (level, expected, attributes) => {
    expect(one({ timestamp: NOW, level })).toMatchObject({ level: expected, ...(attributes ? { attributes } : {}) });
  });

  it.each([
    [{ statusCode: '404' }, { statusCode: 404 }],
    [{ statusCode: 2e2 }, { statusCode: 200 }],
    [{ duration: '12.5' }, { duration: 12.5 }],
    [{ message: 5 }, { message: '5' }],
    [{ userId: 12 }, { userId: '12' }],
    [{ version: '1.2' }, { release: '1.2' }],
    [{ msg: 'pino' }, { message: 'pino' }],
    [{ level: null }, { level: 'info' }],
  ])('%j is stored as %j', (record, stored) => {
    expect(one({ timestamp: NOW, ...record })).toMatchObject(stored);
  });

  it('keeps the digits of a large number as text', () => {
    const { rows } = encode('{"userId":12345678901234567890,"n":12345678901234567890}');
    expect(rows['logs']?.[0]).toMatchObject({
      userId: '12345678901234567890',
      attributes: { n: '12345678901234567890' },
    });
  });

  it.each([
    [{ statusCode: 'abc' }, 'invalid_status_code'],
    [{ statusCode: 1.5 }, 'invalid_status_code'],
    [{ statusCode: 70_000 }, 'invalid_status_code'],
    [{ statusCode: -1 }, 'invalid_status_code'],
    [{ statusCode: true }, 'invalid_status_code'],
    [{ duration: 'fast' }, 'invalid_duration'],
    [{ duration: -1 }, 'invalid_duration'],
    [{ message: { a: 1 } }, 'invalid_message'],
    [{ level: {} }, 'invalid_level'],
    [{ timestamp: 'yesterday' }, 'invalid_timestamp'],
    [{ timestamp: {} }, 'invalid_timestamp'],
    [{ service: [] }, 'invalid_service'],
    [{ type: 'metric', name: 'x' }, 'missing_value'],
    [{ type: 'metric', value: 1 }, 'missing_name'],
    [{ type: 'outbound' }, 'missing_host'],
  ])('%j is rejected as %s', (record, code) => {
    const { answer, rows } = encode(`{"message":"good"}\n${JSON.stringify(record)}\n`);
    expect(answer).toMatchObject({ accepted: 1, rejected: [{ line: 2, code }] });
    expect(rows['dead_letters']).toEqual([expect.objectContaining({ code, line: 2, source: 'ndjson', project: '1' })]);
  });

  it.each([
    ['2026-11-23T11:00:00+02:00', Date.UTC(2026, 10, 23, 9)],
    ['2026-11-23T09:00:00Z', Date.UTC(2026, 10, 23, 9)],
    ['2026-11-23 09:00:00 UTC', Date.UTC(2026, 10, 23, 9)],
    ['2026-11-23 09:00:00.5', Date.UTC(2026, 10, 23, 9, 0, 0, 500)],
    ['2026-11-23T09:00:00.123456789Z', Date.UTC(2026, 10, 23, 9, 0, 0, 123)],
    [String(NOW), NOW],
    [NOW + 0.7, NOW],
  ])('of time %j is stored at %d', (timestamp, stored) => {
    expect(one({ timestamp })).toMatchObject({ timestamp: stored });
  });

  it.each([[NOW - 31 * 86_400_000], ['2020-01-01T00:00:00.000Z'], [NOW + 11 * 60_000], [0], [-5], [1e17]])(
    'of the unlikely time %j is stored at its arrival',
    (timestamp) => {
      expect(one({ timestamp })).toMatchObject({
        timestamp: NOW,
        attributes: { originalTimestamp: String(timestamp) },
      });
    },
  );

  it('without a time is stored at its arrival', () => {
    expect(one({ message: 'x' })).toMatchObject({ timestamp: NOW, level: 'info' });
  });

  it.each([
    [{ level: 'debug' }, 'debug_logs'],
    [{ level: 'trace' }, 'debug_logs'],
    [{ type: 'security', level: 'debug' }, 'security'],
    [{ type: 'business' }, 'logs'],
  ])('%j belongs to the retention class %s', (record, retentionClass) => {
    expect(one({ timestamp: NOW, ...record })).toMatchObject({ retentionClass });
  });

  it('survives broken text', () => {
    const { rows, answer } = encode('{"message":"a\\ud800b","x":"\\udc00","k\\ud800":1}\n{"message":"\\ud83d\\ude00"}');
    expect(answer).toEqual({ accepted: 2, rejected: [] });
    expect(rows['logs']).toMatchObject([{ message: 'a\ufffdb' }, { message: '😀' }]);
    const bytes = Buffer.concat([Buffer.from('{"message":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect(encode(bytes).rows['logs']).toMatchObject([{ message: '\ufffd\ufffd' }]);
  });

  it('takes the last of a repeated key', () => {
    expect(encode('{"level":"info","level":"error","message":"a","message":"b"}').rows['logs']).toMatchObject([
      { level: 'error', message: 'b' },
    ]);
  });
});

describe('other records', () => {
  it('make requests of request lines', () => {
    const record = {
      timestamp: NOW,
      type: 'request',
      method: 'GET',
      endpoint: '/a/[id]',
      statusCode: 200,
      duration: 12,
      requestId: 'r1',
      responseBytes: 10,
      slow: false,
      clientIp: '192.0.2.1',
    };
    const { rows } = encode(JSON.stringify(record));
    expect(rows['logs']).toMatchObject([{ type: 'performance', attributes: { responseBytes: '10', slow: 'false' } }]);
    expect(rows['request_rows']).toEqual([
      {
        timestamp: NOW,
        method: 'GET',
        endpoint: '/a/[id]',
        statusCode: 200,
        duration: 12,
        responseBytes: 10,
        requestId: 'r1',
        clientIp: '192.0.2.1',
        slow: false,
        dedupKey: 'r1',
        project: '1',
        retentionClass: 'requests',
      },
    ]);
  });

  it('make requests of performance records with method and status', () => {
    const { rows } = encode(
      `{"type":"performance","method":"GET","statusCode":500}\n{"type":"performance","message":"op","duration":3}`,
    );
    expect(rows['logs']).toHaveLength(2);
    expect(rows['request_rows']).toHaveLength(1);
    expect(rows['request_rows']?.[0]?.['dedupKey']).toBe(rows['logs']?.[0]?.['id']);
  });

  it('store metrics and outbound calls in their own tables only', () => {
    const { rows } = encode(
      `{"type":"metric","name":"heap","value":1.5,"unit":"MB","labels":{"pid":1}}\n{"type":"outbound","host":"api.stripe.com","provider":"stripe","failed":true,"duration":5}`,
    );
    expect(rows['metric_rows']).toMatchObject([{ name: 'heap', value: 1.5, unit: 'MB', attributes: { pid: '1' } }]);
    expect(rows['outbound_rows']).toMatchObject([{ host: 'api.stripe.com', failed: true }]);
    expect(rows['logs']).toBeUndefined();
  });
});

describe('a body', () => {
  it.each([
    ['NaN', 'not_an_object'],
    ['{"a":NaN}', 'invalid_json'],
    ['{"a":Infinity}', 'invalid_json'],
    ['1', 'not_an_object'],
    ['"text"', 'not_an_object'],
    ['[{"a":1}]', 'not_an_object'],
    ['null', 'not_an_object'],
    ["{'a':1}", 'invalid_json'],
    ['{"a":1}{"b":2}', 'trailing_data'],
    ['{"a":1} {"b":2}', 'trailing_data'],
    ['{"a":1},', 'trailing_data'],
    ['{"a":1', 'invalid_json'],
    ['{"a":}', 'invalid_json'],
    ['{a:1}', 'invalid_json'],
    ['{"a":1,}', 'invalid_json'],
    ['{"a":01}', 'invalid_json'],
    ['{"a":"\t"}', 'invalid_json'],
    ['{"a":"\\x"}', 'invalid_json'],
    ['{"a":"\\u12g4"}', 'invalid_json'],
    ['{"a":"\\ud\u0011ab"}', 'invalid_json'],
    ['{"a\\ud\u001700":1}', 'invalid_json'],
    ['{"a":+1}', 'invalid_json'],
    ['{"a":.5}', 'invalid_json'],
    ['{"a":1.}', 'invalid_json'],
    ['{"a":1e}', 'invalid_json'],
    [`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'invalid_json'],
    [`{"a":"${'x'.repeat(300_000)}"}`, 'record_too_large'],
  ])('with the line %s reports it as %s and keeps the rest', (line, code) => {
    const { answer, rows } = encode(`{"message":"before"}\n${line}\n\n{"message":"after"}`);
    expect(answer).toMatchObject({ accepted: 2, rejected: [{ line: 2, code }] });
    expect(rows['logs']).toHaveLength(2);
  });

  it('may have white space, line ends of Windows, a byte order mark and empty lines', () => {
    const { answer } = encode('\ufeff{"a":1}\r\n\r\n  {"b":2}  \n');
    expect(answer).toEqual({ accepted: 2, rejected: [] });
  });

  it.each([
    ['[{"message":"a"}, {"message":"b"}\n]', 2],
    ['{\n "message": "a",\n "tags": [\n 1,\n "x y"\n ]\n}', 1],
    ['[]', 0],
    [' [ ] ', 0],
  ])('of JSON %j has its records', (body, accepted) => {
    expect(encode(body, 'json').answer).toEqual({ accepted, rejected: [] });
  });

  it.each([
    '',
    '[{"a":1}',
    '[{"a":1}]]',
    '[{"a":1},]',
    '[1',
    '[nope]',
    'null',
    '{"a":1}{"b":1}',
    '[{"a":1} {"b":1}]',
    '"x"',
  ])('of JSON %j is refused as a whole', (body) => {
    expect(encode(body, 'json').refused).toMatchObject({ status: 400 });
  });

  it('keeps the records of an array beside what is none', () => {
    const { answer, rows } = encode('[{"message":"a"}, 5, null, [1], "x", {"message":"b"}, true]', 'json');
    expect(answer).toMatchObject({ accepted: 2 });
    expect(answer?.rejected.map(({ line, code }) => [line, code])).toEqual(
      [2, 3, 4, 5, 7].map((line) => [line, 'not_an_object']),
    );
    expect(rows['logs']).toMatchObject([{ message: 'a' }, { message: 'b' }]);
    expect(rows['dead_letters']?.map(({ record }) => record)).toEqual(['5', 'null', '[1]', '"x"', 'true']);
  });

  it('lists a bounded number of refused lines and counts all', () => {
    const { answer } = encode('x\n'.repeat(1_500));
    expect(answer?.rejected).toHaveLength(1_000);
    expect(answer).toMatchObject({ accepted: 0, rejectedTotal: 1_500 });
  });

  it('with too many records is refused', () => {
    expect(encode('{}\n'.repeat(200_001)).refused).toMatchObject({ status: 413, code: 'too_many_records' });
  });

  it('splits rows by day and retention class', () => {
    const yesterday = NOW - 86_400_000;
    const { parts } = encode(
      [{ timestamp: NOW }, { timestamp: yesterday }, { timestamp: NOW, level: 'debug' }, { timestamp: NOW }]
        .map((record) => JSON.stringify(record))
        .join('\n'),
    );
    expect(parts?.map(({ day, retentionClass, rowCount }) => [day, retentionClass, rowCount])).toEqual([
      ['2026-11-23', 'logs', 2],
      ['2026-11-22', 'logs', 1],
      ['2026-11-23', 'debug_logs', 1],
    ]);
  });
});
