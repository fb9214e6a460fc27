import { chmod, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BackupKey, type VerificationLevel } from '../../src/care/backup/index.ts';
import { killBackups } from '../crash/backup-kills.mjs';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type BackupRig, damage, flip, makeRig } from './rig.ts';

let server: TestServer;
let url: string;
const rigs: BackupRig[] = [];

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  url = await server.createDatabase('app');
  await run(
    url,
    'CREATE TABLE notes (id int PRIMARY KEY, text text)',
    'INSERT INTO notes SELECT i, md5(i::text) FROM generate_series(1, 20000) i',
  );
});
afterAll(async () => {
  for (const rig of rigs) await rig.remove();
  await server?.stop();
});

async function rigOf(...args: Parameters<typeof makeRig>): Promise<BackupRig> {
  const rig = await makeRig(...args);
  rigs.push(rig);
  return rig;
}

async function sourceHash(): Promise<string> {
  const client = await open(url);
  const { rows } = await client.query(
    'SELECT count(*) || sum(hashtextextended(t::text, 0))::text AS hash FROM notes t',
  );
  await client.end();
  return (rows[0] as { hash: string }).hash;
}

/** What happened to the store, the level that finds it, and what is said. */
type Damage = [string, (rig: BackupRig, id: string) => Promise<void>, VerificationLevel, string, RegExp];

const one = async (rig: BackupRig, text: string) => (await rig.stored(text))[0] ?? '';

const DAMAGES: Damage[] = [
  [
    'a dump that was cut short',
    async (rig) => truncate(await one(rig, '/dump'), 5_000),
    0,
    'object_damaged',
    /was cut short/,
  ],
  [
    'a dump with one other bit',
    async (rig) => damage(await one(rig, '/dump'), flip(9_000)),
    0,
    'object_damaged',
    /was altered/,
  ],
  ['a dump that is gone', async (rig) => rm(await one(rig, '/dump')), 0, 'object_missing', /There is no object .*dump/],
  [
    'a dump that grew',
    async (rig) => damage(await one(rig, '/dump'), (b) => Buffer.concat([b, b])),
    0,
    'object_damaged',
    /grew/,
  ],
  ['a list of rows that is gone', async (rig) => rm(await one(rig, '/tables')), 0, 'object_missing', /tables/],
  [
    'a manifest with one other bit',
    async (rig) => damage(await one(rig, '/manifests/'), flip(40)),
    0,
    'backup_damaged',
    /altered|JSON/,
  ],
  [
    'a manifest of a newer version',
    async (rig) =>
      damage(await one(rig, '/manifests/'), (b) => Buffer.from(b.toString().replace('backup/1', 'backup/2'))),
    0,
    'backup_damaged',
    /altered/,
  ],
  [
    'a piece of a file with one other bit',
    async (rig) => damage(await one(rig, '/chunks/'), flip(-1)),
    1,
    'backup_damaged',
    /frame 0 was altered/,
  ],
  [
    'a piece of a file that is gone',
    async (rig) => rm(await one(rig, '/chunks/')),
    1,
    'object_missing',
    /A piece of the file note.txt is missing/,
  ],
  [
    'another key',
    async (rig) => writeFile(`${rig.folder}/backup.key`, `${BackupKey.create().toLine()}\n`),
    0,
    'backup_key_wrong',
    /is sealed with the key [0-9a-f]{16}; the key file has [0-9a-f]{16}/,
  ],
];

describe('a backup is never called good that is not', () => {
  test.each(DAMAGES)('%s', async (_name, hurt, level, code, message) => {
    const before = await sourceHash();
    const rig = await rigOf(url, '    files: [./files]\n');
    await rig.write('files/note.txt', 'a note');
    const id = await rig.good();
    await hurt(rig, id);
    const { ok, findings } = await rig.verify(id, level);
    expect(ok).toBe(false);
    expect(findings[0]).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(findings.every(({ object }) => object !== '')).toBe(true);
    expect(await sourceHash()).toBe(before);
  });

  test('a dump swapped with that of another backup, whose sums the manifest was given', async () => {
    const rig = await rigOf(url);
    const [first, second] = [await rig.good(), await rig.good()];
    // Within one second their names have no order of time.
    const dumpOf = async (id: string) => (await rig.stored('/dump')).find((path) => path.includes(id)) as string;
    await writeFile(await dumpOf(second), await readFile(await dumpOf(first)));
    expect((await rig.verify(first, 1)).ok).toBe(true);
    expect(await rig.verify(second, 1)).toMatchObject({ ok: false });
    const restoring = rig.restore(second, url.replace('/app', '/never'));
    await expect(restoring).rejects.toMatchObject({ code: 'backup_damaged' });
  });
});

describe('a backup fails with a clear reason, and leaves nothing that looks like one', () => {
  test('when pg_dump is killed by the server', async () => {
    const rig = await rigOf(url);
    const blocker = await open(url);
    await blocker.query('BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE');
    const running = rig.now();
    const admin = await open(url);
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yumops backup' AND wait_event_type = 'Lock'`;
    while (((await admin.query(kill)).rowCount ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const { manifest, error } = await running;
    expect(manifest).toBeNull();
    expect((error as Error).message).toMatch(/terminating connection|dump_failed|pg_dump ended/);
    expect(await rig.stored('/manifests/')).toEqual([]);
    await Promise.all([blocker.end(), admin.end()]);
  });

  test('when there is no pg_dump for the server', async () => {
    const rig = await rigOf(url);
    await rig.write('bin/pg_dump', '#!/bin/sh\necho "pg_dump (PostgreSQL) 14.9"\n');
    await rig.write('bin/pg_restore', '#!/bin/sh\n');
    await Promise.all(['pg_dump', 'pg_restore'].map((name) => chmod(`${rig.folder}/bin/${name}`, 0o755)));
    const { choosePrograms, findPrograms } = await import('../../src/store/source/find-programs.ts');
    const old = (await findPrograms(`${rig.folder}/bin`)).filter(({ folder }) => folder.startsWith(rig.folder));
    expect(() => choosePrograms(old, 15)).toThrow('A server of PostgreSQL 15 needs pg_dump 15 or newer; here is 14.9.');
    expect(() => choosePrograms([], 18)).toThrow(
      'A server of PostgreSQL 18 needs pg_dump 18 or newer; there is none here.',
    );
  });

  test('when it is killed at any moment', async () => {
    const before = await sourceHash();
    const rig = await rigOf(url, '    files: [./files]\n');
    await rig.write('files/big.bin', Buffer.alloc(3_000_000, 7));
    const seed = Number(process.env.YUMOPS_TEST_SEED ?? 20260105);
    const report = await killBackups({ folder: rig.folder, rounds: 4, span: 1_800, seed });
    expect(report.rounds).toBe(4);
    expect(await sourceHash()).toBe(before);
  }, 120_000);
});

test('a backup made while rows are written is of one moment', async () => {
  const rig = await rigOf(url);
  const writer = await open(url);
  await writer.query('CREATE TABLE pairs (a bigint, b bigint)');
  let go = true;
  const writing = (async () => {
    for (let i = 0; go; i++) {
      await writer.query(`BEGIN; INSERT INTO pairs VALUES (${i}, NULL); INSERT INTO pairs VALUES (NULL, ${i}); COMMIT`);
    }
  })();
  const id = await rig.good();
  go = false;
  await writing;
  await writer.end();
  expect(await rig.verify(id, 3)).toMatchObject({ ok: true, findings: [] });
});
