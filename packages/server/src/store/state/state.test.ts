import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestState, type TestState } from '../../../test/engines.ts';
import { systemClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import { connectState, type StateStore } from './connect.ts';
import { migrateState } from './migrate.ts';

const log = createLog(systemClock, () => undefined);

let state: TestState;

beforeAll(async () => {
  state = await startTestState();
});

afterAll(() => state?.stop());

/** A database of its own on the test server. */
async function freshDatabase(name: string): Promise<StateStore> {
  await state.db.query(`CREATE DATABASE ${name}`);
  return connectState(state.url.replace(/\/postgres$/, `/${name}`), { log });
}

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-migrations-'));
  await Promise.all(Object.entries(files).map(([name, sql]) => writeFile(join(folder, name), sql)));
  return folder;
}

describe('queries', () => {
  test('bind values and read numbers, dates and JSON', async () => {
    const [row] = await state.db.query(
      'SELECT $1::bigint AS n, $2::timestamptz AS t, $3::jsonb AS j, $4::text AS s, count(*) AS c FROM (VALUES (1), (2)) v',
      [9_007_199_254_740_991, new Date(0), { a: [1] }, "it's"],
    );
    expect(row).toEqual({ n: 9_007_199_254_740_991, t: new Date(0), j: { a: [1] }, s: "it's", c: 2 });
  });

  test('name the connection', async () => {
    expect(await state.db.query('SHOW application_name')).toEqual([{ application_name: 'yumops' }]);
  });

  test('keep the code of an error in a statement', async () => {
    await expect(state.db.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
  });
});

describe('transactions', () => {
  test('commit what resolves and undo what throws', async () => {
    await state.db.query('CREATE TABLE kept (n int)');
    await state.db.transaction((tx) => tx.query('INSERT INTO kept VALUES (1)'));
    const failed = state.db.transaction(async (tx) => {
      await tx.query('INSERT INTO kept VALUES (2)');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await state.db.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  test('give a lost connection up and go on with another', async () => {
    const lost = state.db.transaction(async (tx) => {
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(lost).rejects.toMatchObject({ code: 'state_unavailable', status: 503 });
    expect(await state.db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('survive the loss of every idle connection', async () => {
    const other = connectState(state.url, { log });
    await Promise.all([1, 2, 3].map(() => other.query('SELECT pg_sleep(0.05)')));
    await state.db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'yumops'`,
    );
    const answers = await Promise.allSettled([1, 2, 3, 4].map(() => other.query('SELECT 1 AS one')));
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'state_unavailable' });
    }
    expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await other.close();
  });
});

describe('prepared statements', () => {
  test('are planned once a connection, by index, also for a table that is still empty', async () => {
    const db = await freshDatabase('prepared');
    await db.query('CREATE TABLE few (n int PRIMARY KEY, t text)');
    const prepared = db.prepared?.() as StateStore;
    const read = () => prepared.query('SELECT t FROM few WHERE n = $1', [1]);
    expect(await Promise.all([read(), read()])).toEqual([[], []]);
    const [{ plans, scans } = {}] = await prepared.query(
      `SELECT (SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE 'SELECT t%') AS plans,
         current_setting('enable_seqscan') AS scans`,
      [],
    );
    expect([Number(plans) > 0, scans]).toEqual([true, 'off']);
    expect(await db.query(`SELECT current_setting('enable_seqscan') AS scans`)).toEqual([{ scans: 'on' }]);
    await db.close();
  });

  test('follow a schema that a newer release changes meanwhile', async () => {
    const db = await freshDatabase('outdated');
    await db.query('CREATE TABLE grown (n int PRIMARY KEY)');
    await db.query('INSERT INTO grown VALUES (1)');
    const prepared = db.prepared?.() as StateStore;
    const text = 'SELECT * FROM grown WHERE n = $1';
    const inTransaction = () => prepared.transaction((tx) => tx.query(text, [1]));
    expect([await prepared.query(text, [1]), await inTransaction()]).toEqual([[{ n: 1 }], [{ n: 1 }]]);
    await db.query('ALTER TABLE grown ADD COLUMN t text');
    expect(await prepared.query(text, [1])).toEqual([{ n: 1, t: null }]);
    await db.query('ALTER TABLE grown ADD COLUMN u text');
    expect(await inTransaction()).toEqual([{ n: 1, t: null, u: null }]);
    await db.close();
  });
});

test('a server that is not there is named with a hint', async () => {
  const nowhere = connectState('postgres://u:p@127.0.0.1:1/none', { log });
  await expect(nowhere.query('SELECT 1')).rejects.toMatchObject({
    code: 'state_unavailable',
    hint: expect.stringContaining('YUMOPS_STATE_URL'),
  });
  await nowhere.close();
});

describe('migrations', () => {
  test('are applied once by runners that start together', async () => {
    const db = await freshDatabase('together');
    const folder = await folderOf({
      '000001_a.sql': 'CREATE TABLE a (n int); INSERT INTO a VALUES (1);',
      '000002_b.sql': 'INSERT INTO a SELECT n + 1 FROM a;',
      'README.md': 'no migration',
    });
    const runs = await Promise.all(Array.from({ length: 4 }, () => migrateState(db, folder)));
    expect(runs.flat().sort()).toEqual(['a', 'b']);
    expect(await db.query('SELECT n FROM a ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    await db.close();
    await rm(folder, { recursive: true });
  });

  test('leave nothing of a file that fails', async () => {
    const db = await freshDatabase('failing');
    const folder = await folderOf({
      '000001_a.sql': 'CREATE TABLE a (n int);',
      '000002_b.sql': 'CREATE TABLE b (n int); SELECT 1/0;',
    });
    await expect(migrateState(db, folder)).rejects.toMatchObject({ code: '22012' });
    expect(await db.query("SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') IS NOT NULL AS b")).toEqual([
      { a: true, b: false },
    ]);
    await writeFile(join(folder, '000002_b.sql'), 'CREATE TABLE b (n int);');
    expect(await migrateState(db, folder)).toEqual(['b']);
    await db.close();
    await rm(folder, { recursive: true });
  });

  test('refuse a changed file and a newer schema', async () => {
    const db = await freshDatabase('guarded');
    const folder = await folderOf({
      '000001_a.sql': 'CREATE TABLE a (n int);',
      '000002_b.sql': 'CREATE TABLE b (n int);',
    });
    await migrateState(db, folder);
    await writeFile(join(folder, '000001_a.sql'), 'CREATE TABLE a (n bigint);');
    await expect(migrateState(db, folder)).rejects.toMatchObject({
      code: 'schema_changed',
      message: expect.stringContaining('000001_a'),
    });
    await writeFile(join(folder, '000001_a.sql'), 'CREATE TABLE a (n int);');
    await rm(join(folder, '000002_b.sql'));
    await expect(migrateState(db, folder)).rejects.toMatchObject({
      code: 'schema_newer',
      message: expect.stringContaining('000002_b'),
    });
    await db.close();
    await rm(folder, { recursive: true });
  });
});
