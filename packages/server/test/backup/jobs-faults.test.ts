import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSizes } from '../../src/care/backup/logical/rows.ts';
import { planSplit } from '../../src/care/backup/logical/split.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Hooks } from '../../src/main/backup/backups.ts';
import { PostgresDatabase } from '../../src/store/source/index.ts';
import { run, startEmbeddedServer, type TestServer, until } from '../database/server.ts';
import { type BackupRig, damage, flip, hooks, makeRig } from './rig.ts';

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

/** Paths of parts by their numbers: of a backup, and of one before it. */
type Made = Record<'part' | 'older', (n: number) => string>;

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

describe('what is wrong with a part', () => {
  const hurts: [name: string, hurt: (made: Made) => Promise<unknown>, says: RegExp][] = [
    [
      'altered by a bit',
      ({ part }) => damage(part(1), (bytes) => flip(bytes.length >> 1)(bytes)),
      /altered|cannot be opened|frame/,
    ],
    ['cut short', ({ part }) => damage(part(1), (bytes) => bytes.subarray(0, bytes.length >> 1)), /cut short/],
    [
      'short of its last bytes',
      ({ part }) => damage(part(1), (bytes) => bytes.subarray(0, bytes.length - 40)),
      /cut short/,
    ],
    ['empty', ({ part }) => damage(part(1), () => Buffer.alloc(0)), /./],
    ['another one of it', ({ part }) => copyFile(part(2), part(1)), /belongs at another place/],
    ['the same one of another backup', ({ part, older }) => copyFile(older(1), part(1)), /belongs at another place/],
    ['followed by something', ({ part }) => appendFile(part(1), 'x'), /follows its end/],
  ];

  test('is found by every look at the backup, named, and nothing is restored', async () => {
    const [old, id] = [await rig.good(), await rig.good()];
    const path = (of: string) => (n: number) =>
      join(rig.folder, 'blobs', stored.find((file) => file.endsWith(`${of}/dump.${n}`)) ?? '');
    const stored = (await rig.stored('/dump.')).map((file) => file.slice(join(rig.folder, 'blobs').length + 1));
    const made = { part: path(id), older: path(old) };
    const whole = await readFile(made.part(1));
    const object = expect.stringContaining(`${id}/dump.1`);
    for (const [name, hurt, says] of hurts) {
      await hurt(made);
      expect(await rig.verify(id, 0), name).toMatchObject({
        ok: false,
        findings: [{ code: 'object_damaged', object }],
      });
      for (const options of [{}, { table: 't10' }]) {
        const error = await rig.restore(id, other('never'), options).catch((thrown: unknown) => thrown);
        expect(error, name).toMatchObject({ code: 'backup_damaged', message: expect.stringContaining(`${id}/dump.1`) });
        expect((error as Error).message, name).toMatch(says);
      }
      await writeFile(made.part(1), whole);
    }
    expect(psql("SELECT count(*) FROM pg_database WHERE datname ~ '^never'").trim()).toBe('0');
    expect(await rig.verify(id, 1)).toMatchObject({ ok: true });
  });
});

describe('what ends in the middle', () => {
  const sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('pg_dump', 'yumops backup')";

  test.each([
    ['a cancellation', (abort: AbortController) => abort.abort(new Error('enough')), /^enough$/],
    [
      'the server that ends every session',
      () => psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'app'"),
      /terminat|pg_dump ended|cannot be reached/,
    ],
  ])('%s leaves no backup, and no session', async (_name, act, says) => {
    const abort = new AbortController();
    const error = await backUp({ signal: abort.signal, ...atFirst('tables counted', () => act(abort)) });
    expect((error as Error).message).toMatch(says);
    expect(await rig.stored('/manifests/')).toEqual([]);
    await until(async () => psql(sessions).trim() === '0');
  });
});
