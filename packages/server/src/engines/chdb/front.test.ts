import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import type { EngineHandle } from '../supervisor.ts';
import { startEmbeddedChdb } from './start.ts';

const log = createLog(systemClock, () => undefined, 'error');

let home: string;
let engine: EngineHandle;
let client: ClickHouseClient;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'yumops-chdb-front-'));
  engine = await startEmbeddedChdb({ dataDir: home, clock: systemClock, log });
  client = clientFor({});
  await client.command({
    query: 'CREATE TABLE t (id UInt64, s String, m Map(String, String)) ENGINE = MergeTree ORDER BY id',
  });
});

afterAll(async () => {
  await client?.close();
  await engine?.stop();
  await rm(home, { recursive: true, force: true });
});

function clientFor(options: Parameters<typeof createClient>[0]): ClickHouseClient {
  return createClient({ url: engine.url, log: { level: ClickHouseLogLevel.OFF }, ...options });
}

async function rows<T>(query: string, query_params?: Record<string, unknown>): Promise<T[]> {
  const result = await client.query({ query, format: 'JSONEachRow', ...(query_params ? { query_params } : {}) });
  return result.json<T>();
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof ClickHouseError ? error.code : String(error);
  }
}

async function until(condition: () => Promise<boolean>, limit = 25_000): Promise<void> {
  const end = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Reads `text` as the front's own user would send it, without the client. */
function raw(
  path: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  const { port, username, password } = new URL(engine.url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method: 'POST', auth: `${username}:${password}`, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the client, unmodified', () => {
  test('pings, with and without a statement', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
  });

  test('is refused with another password', async () => {
    const stranger = clientFor({ url: engine.url.replace(/:\w+@/, ':wrong@') });
    expect(await codeOf(stranger.query({ query: 'SELECT 1' }))).toBe('516');
    await stranger.close();
  });

  test.each([
    ['JSON', { data: [{ a: 1 }] }],
    ['JSONCompact', { data: [[1]] }],
    ['JSONStrings', { data: [{ a: '1' }] }],
    ['JSONObjectEachRow', { row_1: { a: 1 } }],
    ['JSONEachRow', [{ a: 1 }]],
    ['JSONCompactEachRow', [[1]]],
    ['JSONCompactEachRowWithNames', [['a'], [1]]],
  ] as const)('reads %s', async (format, expected) => {
    const result = await client.query({ query: 'SELECT toUInt8(1) AS a', format });
    const answer = await result.json();
    if (Array.isArray(expected)) expect(answer).toEqual(expected);
    else expect(answer).toMatchObject(expected);
  });

  test.each([
    ["it's"],
    ['back\\slash \\n \\t \\N \\\\'],
    ['line\nfeed\r\ttab\b\f'],
    ["'; DROP TABLE t; --"],
    ['{x:String} $$ /* */ "`'],
    ['né 🍜 \u2028'],
    ['nul\0nul'],
    [''],
  ])('binds the text %j exactly', async (text) => {
    expect(await rows('SELECT {x:String} AS x', { x: text })).toEqual([{ x: text }]);
    const nested = [text, [text, 'b'], { k: text }];
    expect(
      await rows('SELECT {a:Array(String)} AS a, {m:Map(String, String)} AS m', { a: nested[1], m: nested[2] }),
    ).toEqual([{ a: [text, 'b'], m: { k: text } }]);
  });

  test('binds numbers, dates, nothing and names', async () => {
    const at = new Date(Date.UTC(2026, 0, 5, 10, 0, 0, 250));
    expect(
      await rows("SELECT {n:Int64} AS n, {f:Float64} AS f, {u:Nullable(String)} AS u, {d:DateTime64(3, 'UTC')} AS d", {
        n: -5,
        f: 1.5,
        u: null,
        d: at,
      }),
    ).toEqual([{ n: -5, f: 1.5, u: null, d: '2026-01-05 10:00:00.250' }]);
    expect(await rows('SELECT count() AS n FROM {table:Identifier}', { table: 't' })).toHaveLength(1);
  });

  test('binds a long list', async () => {
    const ids = Array.from({ length: 5_000 }, (_, i) => `identifier ${i}`);
    expect(await rows('SELECT length({ids:Array(String)}) AS n', { ids })).toEqual([{ n: 5_000 }]);
  });

  test('reads what describes the store', async () => {
    expect(await rows('SHOW TABLES')).toContainEqual({ name: 't' });
    expect(await rows('DESCRIBE TABLE t')).toHaveLength(3);
    expect(await rows('EXPLAIN AST SELECT 1')).not.toHaveLength(0);
    expect(await rows('EXISTS TABLE t')).toEqual([{ result: 1 }]);
    expect(await rows('(SELECT 1 AS a) UNION ALL (SELECT 1 AS a)')).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test('names the engine’s errors', async () => {
    expect(await codeOf(client.query({ query: 'SELECT * FROM nowhere' }))).toBe('60');
    expect(await codeOf(client.query({ query: 'SELEC 1' }))).toBe('62');
    expect(await codeOf(client.query({ query: 'SELECT 1; DROP TABLE t' }))).toBe('62');
    expect(await codeOf(client.query({ query: 'SELECT {x:String}' }))).toBe('456');
    expect(await codeOf(client.command({ query: 'SELECT 1', clickhouse_settings: { nonsense: 1 } as never }))).toBe(
      '115',
    );
    expect(await codeOf(client.command({ query: 'SELECT 1', session_id: 'a' }))).toBe('48');
  });

  test('leaves no setting, parameter or database behind', async () => {
    const setting = `SELECT value FROM system.settings WHERE name = 'max_block_size'`;
    const before = await rows(setting);
    await client.query({
      query: 'SELECT {left:String}',
      query_params: { left: 'x' },
      clickhouse_settings: { max_block_size: '777' },
    });
    await Promise.all(Array.from({ length: 10 }, async () => expect(await rows(setting)).toEqual(before)));
    expect(await codeOf(client.query({ query: 'SELECT {left:String}' }))).toBe('456');
    await client.command({ query: 'USE system' });
    expect(await rows('SELECT currentDatabase() AS d')).toEqual([{ d: 'yumops' }]);
  });

  test('inserts a stream and says how many rows it wrote', async () => {
    const stream = Readable.from(
      (function* () {
        for (let id = 0; id < 5_000; id++) yield { id, s: `row ${id}; it's`, m: { a: 'b' } };
      })(),
    );
    const { summary } = await client.insert({ table: 't', values: stream, format: 'JSONEachRow' });
    expect(summary?.written_rows).toBe('5000');
    expect(await rows('SELECT count() AS n, max(id) AS m FROM t')).toEqual(
      [{ n: '5000', m: '4999' }].map(() => expect.anything()),
    );
    expect(await codeOf(client.insert({ table: 't', values: [{ id: 'x' }], format: 'JSONEachRow' }))).toBe('27');
    expect(await codeOf(client.insert({ table: 'nowhere', values: [{ id: 1 }], format: 'JSONEachRow' }))).toBe('60');
  });

  test('compresses both ways', async () => {
    const packed = clientFor({ compression: { request: true, response: true } });
    await packed.command({ query: 'CREATE TABLE z (a String) ENGINE = MergeTree ORDER BY a' });
    const text = 'noodles '.repeat(20_000);
    await packed.insert({ table: 'z', values: [{ a: text }], format: 'JSONEachRow' });
    const result = await packed.query({ query: 'SELECT a FROM z', format: 'JSONEachRow' });
    expect(result.response_headers['content-encoding']).toBe('gzip');
    expect(await result.json()).toEqual([{ a: text }]);
    await packed.close();
  });

  test('streams a large result in bounded pieces', async () => {
    const result = await client.query({ query: 'SELECT number AS n FROM numbers(500000)', format: 'JSONEachRow' });
    let count = 0;
    for await (const batch of result.stream()) count += batch.length;
    expect(count).toBe(500_000);
  });

  test('reports an error in the middle of a stream', async () => {
    const failing = client.query({
      query: 'SELECT throwIf(number = 400000) AS n FROM numbers(500000)',
      format: 'JSONEachRow',
      clickhouse_settings: { max_block_size: '1000' },
    });
    expect(await codeOf(failing.then((result) => result.json()))).toBe('395');
  });

  test('stops a statement whose client went away', async () => {
    const abort = new AbortController();
    const running = client.query({
      query: 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)',
      query_id: 'endless',
      abort_signal: abort.signal,
    });
    const endless = `SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64(number%' AND query NOT LIKE '%processes%'`;
    const counted = async () => Number((await rows<{ n: number }>(endless))[0]?.n);
    await until(async () => (await counted()) === 1);
    abort.abort();
    await expect(running).rejects.toThrow('aborted');
    await until(async () => (await counted()) === 0);
  });

  test('stops a statement at its time limit', async () => {
    const slow = client.query({
      query: 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)',
      clickhouse_settings: { max_execution_time: 1 },
    });
    expect(await codeOf(slow)).toBe('159');
  });

  test('changes nothing when it reads only', async () => {
    const readonly = { clickhouse_settings: { readonly: '1' as const } };
    expect(await codeOf(client.command({ query: 'DROP TABLE t', ...readonly }))).toBe('164');
    expect(await codeOf(client.command({ query: 'INSERT INTO t (id) VALUES (1)', ...readonly }))).toBe('164');
    expect(await codeOf(client.query({ query: "SELECT * FROM url('http://127.0.0.1/')", ...readonly }))).toBe('164');
    expect(await codeOf(client.query({ query: 'SELECT 1 SETTINGS max_threads = 1', ...readonly }))).toBe('164');
  });

  test('does not wait behind long readers when it writes', async () => {
    const abort = new AbortController();
    const readers = Array.from({ length: 4 }, () =>
      client
        .query({
          query: 'SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1',
          abort_signal: abort.signal,
          clickhouse_settings: { function_sleep_max_microseconds_per_block: '0' },
        })
        .then((result) => result.text())
        .catch(() => undefined),
    );
    await client.insert({ table: 't', values: [{ id: 7_000_001 }], format: 'JSONEachRow' });
    abort.abort();
    await Promise.all(readers);
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('the protocol', () => {
  test('answers errors with status, code and text', async () => {
    const answer = await raw('/?database=yumops&query_id=q1', {}, 'SELECT * FROM nowhere');
    expect(answer).toMatchObject({
      status: 404,
      headers: { 'x-clickhouse-exception-code': '60', 'x-clickhouse-query-id': 'q1' },
    });
    expect(answer.text).toMatch(/^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\)\n$/);
  });

  test.each(['//', '//?query=SELECT%201', 'http://['])('outlives the address %s', async (address) => {
    const { pid } = engine;
    await raw(address);
    expect((await raw('/ping')).text).toBe('Ok.\n');
    expect(engine.pid).toBe(pid);
  });

  test('names the format', async () => {
    const answer = await raw('/', {}, 'SELECT 1 FORMAT CSV');
    expect(answer).toMatchObject({
      status: 200,
      text: '1\n',
      headers: { 'x-clickhouse-format': 'CSV', 'x-clickhouse-timezone': 'UTC' },
    });
  });

  test('refuses a body that is too large to hold, however small it was sent', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, '\n'), { level: 1 });
    const answer = await raw('/?query=INSERT%20INTO%20t%20FORMAT%20JSONEachRow', { 'content-encoding': 'gzip' }, bomb);
    expect(answer).toMatchObject({ headers: { 'x-clickhouse-exception-code': '241' } });
    expect((await raw('/ping')).text).toBe('Ok.\n');
  });

  test.each([
    ['not gzip at all', { 'content-encoding': 'gzip' }],
    ['SELECT 1', { 'content-encoding': 'br' }],
  ])('refuses a body that it cannot read: %s', async (body, headers) => {
    expect((await raw('/', headers, body)).status).toBeGreaterThanOrEqual(400);
    expect((await raw('/ping')).text).toBe('Ok.\n');
  });
});
