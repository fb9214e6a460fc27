import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSizes } from '../../src/care/backup/logical/rows.ts';
import { planSplit } from '../../src/care/backup/logical/split.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Hooks } from '../../src/main/backup/backups.ts';
import { PostgresDatabase } from '../../src/store/source/index.ts';
import { run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type BackupRig, hooks, makeRig } from './rig.ts';

let server: TestServer;
let url: string;
let admin: string;
let rig: BackupRig;

/** Tables of one row each, stored as it is: as many bytes as are wanted, and counted at once. */
const TABLES = Array.from({ length: 12 }, (_, n) => `t${n}`);
const insertInto = (n: number) => `INSERT INTO t${n} VALUES (1, repeat('${n % 10}', ${2_000_000 - n * 50_000}))`;

const other = (name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;

/** Makes a backup and hears of its progress. @returns its error; undefined = it is good */
async function backUp(more: Partial<Hooks>): Promise<unknown> {
  const backups = rig.backups();
  const [outcome] = await backups.run(backups.config('nightly'), { ...hooks(), ...more });
  expect(outcome?.manifest === null).toBe(outcome?.error !== null);
  return outcome?.error ?? undefined;
}

/** Calls back once, at the first report of this kind. */
function atFirst(wanted: string, act: () => void): Pick<Hooks, 'progress'> {
  let isFirst = true;
  return {
    progress: (_done, _total, what) => {
      if (what !== wanted || !isFirst) return;
      isFirst = false;
      act();
    },
  };
}

/** What a query says, without letting anything else happen meanwhile. */
const psql = (sql: string) => execFileSync('psql', ['-At', '-c', sql, admin], { encoding: 'utf8' });

/** What other `pg_dump` than the first one write, the smallest last. */
async function heldTables(): Promise<string[]> {
  const connection = await new PostgresDatabase('app', new Secret(url)).connect();
  const sizes = await readSizes(connection, { without: [] });
  await connection.close();
  const { groups } = planSplit(sizes, { asked: 3, cores: 2 }, { free: 40, clientMajor: 15, encoding: 'UTF8' });
  return groups
    .flat()
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ name }) => name);
}

beforeAll(async () => {
  server = await startEmbeddedServer(15, { max_connections: 40 });
  url = await server.createDatabase('app');
  admin = other('postgres');
  for (const [n, name] of TABLES.entries()) {
    await run(
      url,
      `CREATE TABLE ${name} (id int PRIMARY KEY, x text)`,
      `ALTER TABLE ${name} ALTER x SET STORAGE EXTERNAL`,
      insertInto(n),
    );
  }
}, 60_000);
beforeEach(async () => {
  rig = await makeRig(url, '    jobs: 3\n');
});
afterEach(() => rig.remove());
afterAll(() => server?.stop());

describe('somebody wants tables for himself', () => {
  test('who wants one that is yet to be counted waits, and the backup does not wait for him', async () => {
    const last = (await heldTables()).at(-1) as string;
    let emptied: Promise<unknown> | undefined;
    const error = await backUp(
      atFirst('tables counted', () => {
        // Nothing more is counted until this returns.
        emptied = once(spawn('psql', ['-c', `BEGIN; TRUNCATE ${last}; ROLLBACK`, url], { stdio: 'ignore' }), 'close');
        const end = Date.now() + 20_000;
        const waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
        while (psql(waits).trim() !== '1') expect(Date.now()).toBeLessThan(end);
      }),
    );
    expect(error).toBeUndefined();
    expect(await emptied).toEqual([0, null]);
  });
});
