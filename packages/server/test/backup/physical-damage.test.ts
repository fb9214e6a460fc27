import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BackupKey, BackupKeys, Repository, readManifest } from '../../src/care/backup/index.ts';
import {
  checkBaseFiles,
  checkLog,
  readBase,
  recoverCluster,
  tryPhysical,
} from '../../src/care/backup/physical/index.ts';
import { checkStored } from '../../src/care/backup/verify/stored.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { PostgresDatabase } from '../../src/store/source/index.ts';
import { makeFolder, type Rig, recoveryServer, startRig } from './physical-rig.ts';

let rig: Rig;
let id: string;
let wal: string[];
const signal = new AbortController().signal;
const progress = () => undefined;

beforeAll(async () => {
  rig = await startRig(18);
  await rig.app.query('CREATE TABLE kept AS SELECT n, md5(n::text) AS body FROM generate_series(1, 2000) n');
  ({ id } = await rig.backUp());
  const folder = join(rig.folder, 'blobs/nightly/wal');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  wal = entries.filter((entry) => /-/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
  wal.sort();
});

afterAll(() => rig.stop());

/** Codes and objects of what the levels 0 and 1 find. */
async function findings(repository = rig.repository): Promise<{ code: string; object: string; message: string }[]> {
  const manifest = await readManifest(repository, id);
  const check = { repository, manifest, progress, signal };
  const stored = await checkStored(check);
  const log = await checkLog({ ...check, now: Date.now() });
  if (stored.length + log.length > 0) return [...stored, ...log];
  return checkBaseFiles(repository, await readBase(repository, id), makeFolder, progress);
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);
}

const base = () => join(rig.folder, 'blobs/nightly/objects', id, 'base.tar');

/** A row where the copy can do no harm: it archives nothing, follows nobody and opens no port. */
const ALONE = `SELECT 1 WHERE current_setting('archive_mode') = 'off' AND current_setting('listen_addresses') = ''
  AND current_setting('primary_conninfo') = ''`;

test('finds nothing wrong with a backup that is whole, and restores it on trial', async () => {
  expect(await findings()).toEqual([]);
  const connect = (url: string) => new PostgresDatabase('the copy', new Secret(url));
  const trial = await tryPhysical(
    {
      ...{ repository: rig.repository, server: recoveryServer, clock: systemClock, connect, progress },
      ...{ smokeQueries: ['SELECT 1 FROM kept LIMIT 1', ALONE, 'SELECT 1 FROM kept WHERE false'], catalog: 'postgres' },
      near: join(rig.folder, 'trial'),
    },
    {},
    4,
  );
  expect(trial.findings).toEqual([expect.objectContaining({ code: 'smoke_query' })]);
  expect(trial.evidence).toMatchObject({ rows: 2000, tables: 1 });
  expect(Object.keys(trial.phases)).toEqual(['plan', 'fetch', 'replay', 'check']);
});

test.each([
  ['a bit of the base flipped', () => base(), flip, 'object_damaged'],
  ['the base cut short', () => base(), (path: string) => truncate(path, 1000), 'object_damaged'],
  ['something behind the base', () => base(), (path: string) => appendFile(path, 'x'), 'object_damaged'],
  ['a bit of the log flipped', () => wal.at(-1) as string, flip, 'backup_damaged'],
  ['the log cut short', () => wal.at(-1) as string, (path: string) => truncate(path, 200), 'backup_damaged'],
])('names the object: %s', async (_, of, damage, code) => {
  const path = of();
  const whole = await readFile(path);
  await damage(path);
  try {
    const found = await findings();
    expect(found.map((finding) => finding.code)).toContain(code);
    const object = path.slice(path.indexOf('nightly/'));
    expect(found.find((finding) => finding.code === code)).toMatchObject({ object });
    const input = { repository: rig.repository, server: recoveryServer, clock: systemClock };
    const restored = recoverCluster(input, join(rig.folder, 'refused'));
    await expect(restored).rejects.toMatchObject({ code: 'backup_damaged' });
    expect((await readdir(rig.folder)).filter((name) => name.includes('refused'))).toEqual([]);
  } finally {
    await writeFile(path, whole);
  }
});

test('says that log is missing, and restores nothing without it', async () => {
  const saved = await Promise.all(wal.map(async (path) => [path, await readFile(path)] as const));
  for (const path of wal) await rig.store.delete(path.slice(path.indexOf('nightly/')));
  try {
    expect((await findings())[0]).toMatchObject({ code: 'wal_missing' });
    const input = { repository: rig.repository, server: recoveryServer, clock: systemClock };
    await expect(recoverCluster(input, join(rig.folder, 'refused'))).rejects.toMatchObject({
      code: 'nothing_to_restore',
    });
  } finally {
    for (const [path, bytes] of saved) await rig.store.put(path.slice(path.indexOf('nightly/')), bytes);
  }
});

test('is refused with the wrong key before anything is written', async () => {
  const repository = new Repository(rig.store, 'nightly', new BackupKeys([BackupKey.create()]));
  await expect(
    recoverCluster({ repository, server: recoveryServer, clock: systemClock }, join(rig.folder, 'refused')),
  ).rejects.toMatchObject({ code: expect.stringMatching(/backup_key_wrong|nothing_to_restore/) });
});
