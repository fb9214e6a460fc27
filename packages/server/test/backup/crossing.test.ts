import { afterAll, beforeAll, expect, test } from 'vitest';
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
