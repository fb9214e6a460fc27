import { afterAll, beforeAll, expect, test } from 'vitest';
import { countRows, readSizes, recount, type TableRecord } from '../../src/care/backup/logical/rows.ts';
import { readTables } from '../../src/care/backup/objects.ts';
import { Secret } from '../../src/lib/secret.ts';
import { PostgresDatabase } from '../../src/store/source/index.ts';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type BackupRig, makeRig } from './rig.ts';

let old: TestServer;
let current: TestServer;
let rig: BackupRig;
let url: string;

beforeAll(async () => {
  [old, current] = [await startEmbeddedServer(15), await startEmbeddedServer(18)];
  url = await old.createDatabase('app');
  await run(
    url,
    'CREATE EXTENSION pg_trgm',
    "CREATE TYPE mood AS ENUM ('ok', 'bad')",
    "CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, mood mood DEFAULT 'ok', at timestamptz DEFAULT now())",
    "INSERT INTO people (name) SELECT 'Ann ' || i FROM generate_series(1, 2000) i",
    'CREATE INDEX people_name ON people USING gin (name gin_trgm_ops)',
    'CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at)',
    "CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "INSERT INTO parts SELECT i, date '2026-01-01' + i FROM generate_series(0, 99) i",
    `CREATE TABLE kinds (a bool, b bytea, c "char", d int2, e int4, f int8, g oid, h date, i time, j timestamp, k timestamptz,
       l uuid, m text, n varchar(20), o numeric, p float8, q jsonb, r json, s text[], t inet, u bpchar(8), v mood, gone int, w regclass, x float8, y interval[], "Odd "" name" name)`,
    'ALTER TABLE kinds DROP COLUMN gone',
    `INSERT INTO kinds SELECT i % 2 = 0, decode(md5(i::text), 'hex'), chr(65 + i % 20)::"char", -i, i * 7, i::int8 << 40, i, date '1999-12-01' + i,
       time '00:00' + i * interval '1 minute', timestamp '2026-01-01' + i * interval '1 hour', timestamptz '2026-03-29 00:00Z' + i * interval '1 hour',
       md5(i::text)::uuid, 'größe ' || i, 'v' || i, i / 3.0, -i / 7.0, jsonb_build_object('n', i / 4.0), '{"a" : 1}', ARRAY['x', NULL, i::text],
       '10.0.0.1', 'pad', 'bad', 'people', float8 'Infinity' - i / 7.0 * float8 'Infinity', ARRAY[i * interval '1 day', '1 mon'], 'name' FROM generate_series(1, 300) i`,
    'INSERT INTO kinds (e) VALUES (NULL)',
  );
  rig = await makeRig(url);
});

afterAll(async () => {
  await rig?.remove();
  await old?.stop();
  await current?.stop();
});

async function hashes(at: string): Promise<string[]> {
  const client = await open(at);
  try {
    const found: string[] = [];
    for (const table of ['people', 'parts']) {
      const sql = `SELECT count(*) || ' ' || sum(hashtextextended(t::text, 0)) AS hash FROM ${table} t`;
      found.push((await client.query(sql)).rows[0].hash);
    }
    return found;
  } finally {
    await client.end();
  }
}

test('a dump of PostgreSQL 15 restores into 18 with every row', async () => {
  const id = await rig.good();
  const target = Object.assign(new URL(await current.createDatabase('seed')), { pathname: '/copy' }).href;
  expect(await rig.restore(id, target)).toMatchObject({ database: 'copy', warnings: [] });
  expect(await hashes(target)).toEqual(await hashes(url));
  const client = await open(target);
  const { rows } = await client.query(
    "SELECT current_setting('server_version_num')::int / 10000 AS major, (SELECT count(*)::int FROM pg_index WHERE NOT indisvalid) AS invalid",
  );
  await client.end();
  expect(rows).toEqual([{ major: 18, invalid: 0 }]);
});

/** Counts and hashes a table of a database as a record did. */
async function again(at: string, record: TableRecord): Promise<TableRecord> {
  const connection = await new PostgresDatabase('target', new Secret(at)).connect();
  try {
    await connection.query('BEGIN READ ONLY');
    return await recount(connection, record);
  } finally {
    await connection.close();
  }
}

test('tables that differ in their rows alone differ in their hashes, and casts of users are not run', async () => {
  const at = await current.createDatabase('differences');
  await run(
    at,
    "CREATE TABLE a1 AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS r (n, x)",
    "CREATE TABLE a2 AS SELECT * FROM (VALUES (1, 'b'), (2, 'a')) AS r (n, x)",
    'CREATE TABLE b1 AS SELECT -1::int8 AS n',
    'CREATE TABLE b2 AS SELECT 4294967295::int8 AS n',
    'CREATE TABLE c1 AS SELECT 1 AS n, NULL::text AS x',
    "CREATE TABLE c2 AS SELECT 1 AS n, ''::text AS x",
    "CREATE TABLE d1 AS SELECT 1 AS t, 'a' AS x",
    "CREATE TABLE d2 AS SELECT 1 AS t, 'b' AS x",
    "CREATE TABLE e1 AS SELECT time '00:00:01' AS x",
    "CREATE TABLE e2 AS SELECT time '00:00:01' + interval '4294.967297 s' AS x",
    "CREATE TABLE f1 AS SELECT * FROM (VALUES (1, float8 '1.5'), (2, float8 '2.5')) AS r (n, x)",
    "CREATE TABLE f2 AS SELECT * FROM (VALUES (1, float8 '2.5'), (2, float8 '1.5')) AS r (n, x)",
    "CREATE TABLE g1 AS SELECT 'a' AS x, 'b' AS y",
    "CREATE TABLE g2 AS SELECT 'b' AS x, 'a' AS y",
    "CREATE FUNCTION trap(a1) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE 'it ran'; END$$",
    'CREATE CAST (a1 AS text) WITH FUNCTION trap(a1)',
    'CREATE TABLE nothing ()',
  );
  const connection = await new PostgresDatabase('target', new Secret(at)).connect();
  try {
    await connection.query('BEGIN READ ONLY');
    const sizes = await readSizes(connection, { without: [] });
    const records = await countRows([{ connection, holds: [] }], { mode: 'all', sizes, without: [] });
    const hashOf = (table: string) => records.find(({ name }) => name === table)?.hash;
    for (const pair of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
      expect(hashOf(`${pair}1`), pair).not.toBe(hashOf(`${pair}2`));
    expect(hashOf('nothing')).toBe('0');
  } finally {
    await connection.close();
  }
});

test('rows of every type have one hash on both versions, and a digit that only text shows changes it', async () => {
  const id = await rig.good();
  const backups = rig.backups();
  const records = await readTables(await backups.repository(backups.config('nightly')), await backups.manifest(id));
  expect(records.map(({ name, hashedBy }) => [name, hashedBy])).toEqual(
    ['kinds', 'parts_2026', 'people'].map((name) => [name, 'sent']),
  );
  const target = Object.assign(new URL(await current.createDatabase('seed2')), { pathname: '/kinds' }).href;
  await rig.restore(id, target);
  for (const record of records) expect(await again(target, record)).toEqual(record);
  const [kinds] = records as [TableRecord];
  // Of earlier versions, which hashed whole rows as text.
  for (const hashedBy of ['row', undefined] as const) {
    const before = { ...kinds, hashedBy };
    expect((await again(target, before)).hash).toBe((await again(url, before)).hash);
  }
  for (const change of [
    'q = \'{"n": 0.2500}\' WHERE e = 7',
    'o = o::numeric(20, 18) WHERE e = 21',
    "p = '-0' WHERE e IS NULL",
    'g = 0 WHERE e = 7',
    "m = 'grösse 1' WHERE e = 7",
    "v = 'ok' WHERE e = 14",
    "w = 'kinds' WHERE e = 14",
    'x = 1 WHERE e = 14',
    "y = ARRAY[interval '30 days'] WHERE e = 14",
  ]) {
    const before = (await again(target, kinds)).hash;
    await run(target, `UPDATE kinds SET ${change}`);
    expect((await again(target, kinds)).hash, change).not.toBe(before);
  }
});
