import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from '../../../test/engines.ts';
import { type ConnectedTelemetry, connectTelemetry } from './connect.ts';
import { migrateTelemetry } from './migrate.ts';

let server: TestTelemetry;
let telemetry: ConnectedTelemetry;

beforeAll(async () => {
  server = await startTestTelemetry();
  telemetry = server.telemetry;
});

afterAll(() => server?.stop());

const encode = (rows: object[]) => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

describe('insert', () => {
  beforeEach(async () => {
    await telemetry.command('DROP TABLE IF EXISTS per_service');
    await telemetry.command('DROP TABLE IF EXISTS per_service_target');
    await telemetry.command('DROP TABLE IF EXISTS events');
    await telemetry.command(`CREATE TABLE events (timestamp DateTime64(3, 'UTC'), service LowCardinality(String), n UInt32)
      ENGINE = MergeTree ORDER BY timestamp SETTINGS non_replicated_deduplication_window = 100`);
    await telemetry.command(`CREATE TABLE per_service_target (service String, c UInt64)
      ENGINE = SummingMergeTree ORDER BY service SETTINGS non_replicated_deduplication_window = 100`);
    await telemetry.command(
      'CREATE MATERIALIZED VIEW per_service TO per_service_target AS SELECT service, count() AS c FROM events GROUP BY service',
    );
  });

  const counts = async () => ({
    events: (await telemetry.query<{ n: number }>('SELECT count() AS n FROM events'))[0]?.n,
    view: (await telemetry.query<{ n: number }>('SELECT sum(c) AS n FROM per_service_target'))[0]?.n,
  });

  test('a replayed token adds nothing, to the table or its views', async () => {
    const rows = encode([
      { timestamp: 1_767_607_200_000, service: 'a', n: 1 },
      { timestamp: '2026-01-05T10:00:00.5Z', service: 'b', n: 2 },
    ]);
    for (let i = 0; i < 3; i++) await telemetry.insert('events', rows, { token: 'batch-1', rowCount: 2 });
    expect(await counts()).toEqual({ events: 2, view: 2 });
    expect(await telemetry.query('SELECT timestamp FROM events ORDER BY timestamp')).toEqual([
      { timestamp: '2026-01-05T10:00:00.000Z' },
      { timestamp: '2026-01-05T10:00:00.500Z' },
    ]);
    await telemetry.insert('events', rows, { token: 'batch-2', rowCount: 2 });
    expect(await counts()).toEqual({ events: 4, view: 4 });
  });

  test('a large batch is one block, and doubles nothing when it is sent again', async () => {
    const rowCount = 60_000;
    const rows = encode(
      Array.from({ length: rowCount }, (_, n) => ({
        timestamp: 1_767_607_200_000 + n,
        service: `s${n % 7} ${'x'.repeat(200)}`,
        n,
      })),
    );
    await telemetry.insert('events', rows, { token: 'big', rowCount });
    expect(
      await telemetry.query("SELECT count() AS n FROM system.parts WHERE table = 'events' AND level = 0 AND active"),
    ).toEqual([{ n: 1 }]);
    await telemetry.insert('events', rows, { token: 'big', rowCount });
    expect(await counts()).toEqual({ events: rowCount, view: rowCount });
  });

  test.each([
    ['an unknown field', { timestamp: 1, service: 'a', n: 1, nope: 1 }, 117],
    ['a value of another type', { timestamp: 1, service: 'a', n: 'many' }, 27],
  ])('%s rejects the whole batch for good', async (_, bad, code) => {
    const rows = encode([{ timestamp: 1, service: 'a', n: 1 }, bad]);
    await expect(telemetry.insert('events', rows, { token: 't', rowCount: 2 })).rejects.toMatchObject({
      code: 'telemetry_rejected',
      message: expect.stringContaining(`(${code} `),
    });
    expect((await counts()).events).toBe(0);
  });

  test('a table that does not exist is rejected, a server that is not there is unavailable', async () => {
    await expect(telemetry.insert('nowhere', encode([{ a: 1 }]), { token: 't', rowCount: 1 })).rejects.toMatchObject({
      code: 'telemetry_rejected',
    });
    const nowhere = connectTelemetry('http://u:p@127.0.0.1:1/none');
    await expect(nowhere.insert('t', encode([{ a: 1 }]), { token: 't', rowCount: 1 })).rejects.toMatchObject({
      code: 'telemetry_unavailable',
      retryAfter: 1,
    });
    await expect(nowhere.ping()).rejects.toMatchObject({ code: 'telemetry_unavailable' });
    await nowhere.close();
  });
});

test.each([
  [241, 'MEMORY_LIMIT_EXCEEDED', 'query_limit'],
  [252, 'TOO_MANY_PARTS', 'telemetry_unavailable'],
  [516, 'AUTHENTICATION_FAILED', 'telemetry_unavailable'],
  [60, 'UNKNOWN_TABLE', 'telemetry_rejected'],
])('an answer with code %i %s is %s', async (code, name, expected) => {
  const fake = createServer((request, response) => {
    request.resume();
    response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(code) });
    response.end(`Code: ${code}. DB::Exception: something. (${name}) (version 26.7)\n`);
  });
  await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
  const other = connectTelemetry(`http://u:p@127.0.0.1:${(fake.address() as AddressInfo).port}/db`);
  await expect(other.query('SELECT 1')).rejects.toMatchObject({ code: expected });
  await other.close();
  fake.close();
});

test('a query of a store that hangs is given up soon after its limit', async () => {
  const hanging = createServer((request) => request.resume());
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const other = connectTelemetry(`http://u:p@127.0.0.1:${(hanging.address() as AddressInfo).port}/db`);
  await expect(other.query('SELECT 1', {}, { maxSeconds: 1 })).rejects.toMatchObject({
    code: 'telemetry_unavailable',
    message: expect.stringContaining('did not answer within 6 s'),
  });
  await other.close();
  hanging.closeAllConnections();
  hanging.close();
});

describe('query', () => {
  test('gives rows as objects and 64-bit integers as numbers', async () => {
    const sql =
      "SELECT toUInt64(9007199254740991) AS n, toDateTime64('2026-01-05 10:00:00.25', 3, 'UTC') AS t, {s:String} AS s, {a:Array(String)} AS a";
    expect(await telemetry.query(sql, { s: "it's", a: ['x', "y'"] })).toEqual([
      { n: 9_007_199_254_740_991, t: '2026-01-05T10:00:00.250Z', s: "it's", a: ['x', "y'"] },
    ]);
  });

  describe('that would take hours ends in the engine', () => {
    const endless = 'SELECT sum(cityHash64(number)) FROM numbers(1000000000000)';
    const running = () =>
      telemetry.query(
        `SELECT query FROM system.processes WHERE query LIKE '%numbers(1000000000000)%' AND query NOT LIKE '%processes%'`,
      );

    test('when it is too slow', async () => {
      await expect(telemetry.query(endless, {}, { maxSeconds: 1 })).rejects.toMatchObject({
        code: 'query_limit',
        message: expect.stringContaining('159'),
      });
    });

    test('when it is cancelled, and does not begin when that comes first', async () => {
      const abort = new AbortController();
      const cancelled = telemetry.query(endless, {}, { signal: abort.signal });
      const refused = expect(cancelled).rejects.toMatchObject({ code: 'query_cancelled' });
      await expect.poll(running).toHaveLength(1);
      abort.abort();
      await refused;
      await expect.poll(running).toEqual([]);
      const late = telemetry.query(endless, {}, { signal: abort.signal });
      await expect(late).rejects.toMatchObject({ code: 'query_cancelled' });
      expect(await running()).toEqual([]);
    });
  });
});

describe('read', () => {
  const limits = { maxRows: 5, maxBytes: 1_000_000, maxSeconds: 2 };

  test('describes the columns, also without rows', async () => {
    expect(await telemetry.read('SELECT 1 AS a, toString(2) AS b WHERE 0', limits)).toEqual({
      columns: [
        { name: 'a', type: 'UInt8' },
        { name: 'b', type: 'String' },
      ],
      rows: [],
    });
  });

  test('ends at its limits of rows and bytes instead of failing', async () => {
    const { rows } = await telemetry.read('SELECT number FROM numbers(1000000)', limits);
    expect(rows).toEqual([[0], [1], [2], [3], [4]]);
    await telemetry.command(
      'CREATE TABLE long ENGINE = MergeTree ORDER BY n AS SELECT number AS n, randomString(1000) AS s FROM numbers(20000)',
    );
    const long = await telemetry.read('SELECT s FROM long', { ...limits, maxRows: 1_000_000, maxBytes: 100_000 });
    expect(long.rows.length).toBeLessThan(10_000);
  });

  test.each([
    ['a write', 'INSERT INTO logs (message) VALUES (1)'],
    ['a change of schema', 'DROP TABLE logs'],
    ['a setting', 'SELECT 1 SETTINGS max_execution_time = 1000'],
    ['a table function that reads elsewhere', "SELECT * FROM url('http://127.0.0.1/', CSV, 'a String')"],
    ['a second statement', 'SELECT 1; SELECT 2'],
    ['too much memory', 'SELECT groupArray(repeat(toString(number), 1000)) FROM numbers(10000000)'],
    ['too much time', 'SELECT sum(cityHash64(number)) FROM numbers(1000000000000)'],
  ])('refuses %s', async (_, sql) => {
    await expect(telemetry.read(sql, limits)).rejects.toMatchObject({
      code: expect.stringMatching(/^(telemetry_rejected|query_limit)$/),
    });
  });
});

describe('migrations', () => {
  let state: TestState;
  let folder: string;

  beforeAll(async () => {
    state = await startTestState();
  });

  afterAll(() => state?.stop());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'yumops-migrations-'));
    for (const table of ['schema_migrations', 'a', 'b']) await telemetry.command(`DROP TABLE IF EXISTS ${table} SYNC`);
    return () => rm(folder, { recursive: true });
  });

  const write = (name: string, sql: string) => writeFile(join(folder, name), sql);
  const table = (name: string) => `CREATE TABLE ${name} (n UInt8) ENGINE = MergeTree ORDER BY n;`;

  test('are applied once by runners that start together', async () => {
    await write('000001_a.sql', `-- first; of two\n${table('a')} INSERT INTO a VALUES (1);`);
    await write('000002_b.sql', table('b'));
    const runs = await Promise.all([1, 2, 3].map(() => migrateTelemetry(telemetry, { folder, db: state.db })));
    expect(runs.flat().sort()).toEqual(['a', 'b']);
    expect(await telemetry.query('SELECT n FROM a')).toEqual([{ n: 1 }]);
  });

  test('go on where an earlier run stopped', async () => {
    await write('000001_a.sql', `${table('a')} ${table('b')} INSERT INTO a VALUES (1);`);
    // As if the process had died between the second statement and the note that it was done.
    const stopping = new Proxy(telemetry, {
      get: (target, name: keyof ConnectedTelemetry) =>
        name !== 'command'
          ? target[name]
          : async (sql: string, params?: Record<string, unknown>) => {
              if (params?.step === 2) throw new Error('killed');
              return target.command(sql, params);
            },
    });
    await expect(migrateTelemetry(stopping, { folder })).rejects.toThrow('killed');
    expect(await migrateTelemetry(telemetry, { folder })).toEqual(['a']);
    expect(await telemetry.query('SELECT n FROM a')).toEqual([{ n: 1 }]);
    expect(await migrateTelemetry(telemetry, { folder })).toEqual([]);
  });

  test('refuse a changed file and a newer schema', async () => {
    await write('000001_a.sql', table('a'));
    await write('000002_b.sql', table('b'));
    await migrateTelemetry(telemetry, { folder });
    await write('000001_a.sql', `${table('a')} -- changed`);
    await expect(migrateTelemetry(telemetry, { folder })).rejects.toMatchObject({
      code: 'schema_changed',
      message: expect.stringContaining('000001_a'),
    });
    await write('000001_a.sql', table('a'));
    await rm(join(folder, '000002_b.sql'));
    await expect(migrateTelemetry(telemetry, { folder })).rejects.toMatchObject({ code: 'schema_newer' });
  });
});
