import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { BackupKey, manifestPath, readManifest } from '../../src/care/backup/index.ts';
import { messageOf } from '../../src/lib/errors.ts';
import type { TierOutcome } from '../../src/main/backup/backups.ts';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type S3Faults, type StrictS3, startStrictS3 } from '../support/strict-s3.ts';
import { type BackupRig, hooks, makeRig, problemCodes } from './rig.ts';

/** Store and key of a backup that version 0.1.0 made before it compressed dumps itself. */
const EARLIER = fileURLToPath(new URL('../../../../testdata/backups/0.1.0-pg-compressed', import.meta.url));
let server: TestServer;
let url: string;
let s3: StrictS3;
const rigs: BackupRig[] = [];
const HASH = 'SELECT count(*) || sum(hashtextextended(t::text, 0))::text AS hash FROM notes t';

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  s3 = await startStrictS3();
  url = await server.createDatabase('app');
  await run(
    url,
    'CREATE TABLE notes (id int PRIMARY KEY, text text)',
    'INSERT INTO notes SELECT i, md5(i::text) FROM generate_series(1, 5000) i',
  );
});

afterAll(async () => {
  for (const rig of rigs) await rig.remove();
  await s3?.stop();
  await server?.stop();
});

async function rigOf(yaml: string, blobs?: string): Promise<BackupRig> {
  const rig = await makeRig(url, yaml, blobs);
  rigs.push(rig);
  return rig;
}

async function ask(sql: string): Promise<string> {
  const client = await open(url);
  const { rows } = await client.query(sql);
  await client.end();
  return String(Object.values(rows[0] as Record<string, unknown>)[0]);
}

const slots = () => ask(`SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'yumops%'`);

/** Both tiers of a backup, with what each said; what differs from run to run is replaced by a word. */
async function runBoth(rig: BackupRig): Promise<string[]> {
  const backups = rig.backups();
  const config = backups.config('nightly');
  const { store } = await backups.repository(config);
  const outcomes = await backups.run(config, hooks());
  await backups.close();
  const said = ({ id, tier, manifest, error }: TierOutcome) =>
    `${tier}: ${manifest ? 'good' : messageOf(error).replaceAll(id, 'ID').replaceAll(store.address, 'STORE')}`;
  return outcomes.map(said);
}

const BOTH = '    tiers: [logical, physical]\n';
const always = (status: number, code: string, only: RegExp): S3Faults => ({
  answer: { status, code, times: 100_000, only },
});

test('a dump lets its moment go when the database is read, however long files take', async () => {
  const store = await startStrictS3();
  const rig = await rigOf('    files: [./files]\n', store.url);
  await mkdir(join(rig.folder, 'files'));
  await writeFile(join(rig.folder, 'files', 'menu.pdf'), randomBytes(1_000));
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  store.faults = { hold: { only: /^PUT .*\/chunks\//, until } };
  const running = rig.now();
  try {
    await vi.waitFor(() => expect(store.requests.join('\n')).toMatch(/^PUT .*\/roles/m), { timeout: 60_000 });
    const held = `SELECT count(*) FROM pg_stat_activity
      WHERE datname = 'app' AND pid <> pg_backend_pid() AND (backend_xmin IS NOT NULL OR xact_start IS NOT NULL)`;
    await vi.waitFor(async () => expect(await ask(held)).toBe('0'), { timeout: 20_000 });
    // The lock of the backup is still there.
    expect(await ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).toBe('1');
  } finally {
    release();
  }
  expect((await running).error).toBeNull();
  await store.stop();
});

describe('a store that fails fails the run with its reason, leaves no backup and no slot, and harms nothing', () => {
  test.each<[string, S3Faults, string[]]>([
    [
      'answers 500',
      always(500, 'InternalError', /dump|base\.tar/),
      [
        'logical: STORE answered 500 InternalError to nightly/objects/ID/dump: InternalError',
        'physical: STORE answered 500 InternalError to nightly/objects/ID/base.tar: InternalError',
      ],
    ],
    [
      'answers 503 to the manifest, the very last thing',
      always(503, 'SlowDown', /manifests/),
      [
        'logical: STORE answered 503 SlowDown to nightly/manifests/ID.json: SlowDown',
        'physical: STORE answered 503 SlowDown to nightly/manifests/ID.json: SlowDown',
      ],
    ],
    [
      'refuses',
      always(403, 'AccessDenied', /dump|base\.tar/),
      [
        'logical: STORE refuses nightly/objects/ID/dump (403 AccessDenied).',
        'physical: STORE refuses nightly/objects/ID/base.tar (403 AccessDenied).',
      ],
    ],
    [
      'is full',
      { quota: 20_000 },
      [
        'logical: STORE is full: nightly/objects/ID/dump was not stored (StorageFull).',
        'physical: STORE is full: nightly/objects/ID/base.tar was not stored (StorageFull).',
      ],
    ],
  ])('when it %s', async (_name, faults, expected) => {
    const before = await ask(HASH);
    const rig = await rigOf(BOTH, s3.url);
    // Other runs have left something behind.
    const held = [...s3.objects().values()].reduce((sum, { length }) => sum + length, 0);
    s3.faults = faults.quota === undefined ? faults : { quota: held + faults.quota };
    const said = await runBoth(rig);
    s3.faults = {};
    expect(said).toEqual(expected);
    expect([...s3.objects().keys()].filter((key) => key.includes('/manifests/'))).toEqual([]);
    expect(s3.pendingUploads()).toBe(0);
    expect([await ask(HASH), await slots()]).toEqual([before, '0']);
  });

  test('when it is slow it only takes longer', async () => {
    const rig = await rigOf(BOTH, s3.url);
    s3.faults = { slow: 80 };
    const said = await runBoth(rig);
    s3.faults = {};
    expect(said).toEqual(['logical: good', 'physical: good']);
  });
});

/** A file system of three megabytes, where this machine lets us make one. */
function smallDisk(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]).status === 0;
}

test('a disk that runs full is named, earlier backups stay good, and room is all that it needs', async (context) => {
  const disk = await mkdtemp(join(tmpdir(), 'yumops-disk-'));
  if (!smallDisk(disk)) {
    await rm(disk, { recursive: true });
    context.skip('this machine mounts no file system for us');
  }
  try {
    const rig = await rigOf('    files: [./files]\n', `file:${disk}/blobs`);
    await rig.write('files/note.txt', 'a note');
    const first = await rig.good();
    await rig.write('files/big.bin', randomBytes(4_000_000));
    const { manifest, error } = await rig.now();
    expect(manifest).toBeNull();
    expect(error).toMatchObject({ code: 'blob_full' });
    expect(messageOf(error)).toMatch(/^file:.*\/blobs is full: nightly\/.* was not stored \(\d MB free\)\.$/);
    expect(await rig.verify(first, 1)).toMatchObject({ ok: true });
    const names = await readdir(`${disk}/blobs`, { recursive: true });
    expect(names.filter((name) => name.includes('.~'))).toEqual([]);
    await rm(join(rig.folder, 'files/big.bin'));
    await rm(`${disk}/blobs/nightly/chunks`, { recursive: true });
    await mkdir(`${disk}/blobs/nightly/chunks`);
    expect(await rig.verify(await rig.good(), 1)).toMatchObject({ ok: true });
  } finally {
    spawnSync('umount', [disk]);
    await rm(disk, { recursive: true, force: true });
  }
});

test('a key that is lost is said by every command, and nothing is made or restored without it', async () => {
  const rig = await rigOf('');
  const id = await rig.good();
  await rm(join(rig.folder, 'backup.key'));
  const backups = rig.backups();
  const config = backups.config('nightly');
  const lost = {
    code: 'backup_key_missing',
    message: expect.stringMatching(/^The key of the backup "nightly" is missing: .*backup\.key.*\.$/),
    hint: expect.stringContaining('Put the key file back from where you keep its copy.'),
  };
  await expect(backups.run(config, hooks())).rejects.toMatchObject(lost);
  await expect(backups.list(config)).rejects.toMatchObject(lost);
  await expect(backups.verify(id, 0, hooks())).rejects.toMatchObject(lost);
  await expect(rig.restore(id, url.replace('/app', '/never'))).rejects.toMatchObject(lost);
  await expect(backups.prune(config, hooks().signal)).rejects.toMatchObject(lost);
  expect(await problemCodes(backups)).toEqual(['unreadable']);
});

test('with another key a drill says which one is needed, not that there is no backup', async () => {
  const rig = await rigOf('');
  const id = await rig.good();
  const away = rig.restore(id, 'postgres://nobody@127.0.0.1:1/nowhere');
  await expect(away).rejects.toMatchObject({ hint: expect.stringMatching(/^Check the address of the target: host,/) });
  await writeFile(join(rig.folder, 'backup.key'), `${BackupKey.create().toLine()}\n`);
  const backups = rig.backups();
  await expect(backups.drill(backups.config('nightly'), hooks())).rejects.toMatchObject({
    code: 'backup_key_wrong',
    message: expect.stringContaining(`${id}.json is sealed with the key`),
  });
});

test('a backup of a later version is said to be one, and is left alone', async () => {
  const rig = await rigOf('');
  const id = await rig.good();
  const repository = await rig.backups().repository(rig.backups().config('nightly'));
  const manifest = await readManifest(repository, id);
  await repository.writeRecord(manifestPath(repository, id), { ...manifest, format: 'yumops-backup/9' });
  const { ok, findings } = await rig.verify(id, 0);
  expect([ok, findings]).toEqual([
    false,
    [
      {
        code: 'backup_format',
        object: `nightly/manifests/${id}.json`,
        message: `The backup ${id} has the format "yumops-backup/9".`,
      },
    ],
  ]);
  await expect(rig.restore(id, url.replace('/app', '/never'))).rejects.toMatchObject({ code: 'backup_format' });
  const [entry] = await rig.backups().list(rig.backups().config('nightly'));
  expect(entry).toMatchObject({ id, status: 'locked' });
});

test('a backup of the version before, whose dump pg_dump compressed, is verified and restored', async () => {
  const rig = await rigOf('    files: [./files]\n');
  await cp(EARLIER, rig.folder, { recursive: true });
  const backups = rig.backups();
  const [entry] = await backups.list(backups.config('nightly'));
  expect(entry).toMatchObject({ status: 'good', tier: 'logical' });
  const id = entry?.id ?? '';
  expect(await rig.verify(id, 3)).toMatchObject({ ok: true, findings: [] });
  await rig.restore(id, url.replace('/app', '/earlier'));
  const client = await open(url.replace('/app', '/earlier'));
  const { rows } = await client.query(
    'SELECT count(*)::int AS tags, max(text) AS text FROM tags JOIN notes ON id = note',
  );
  await client.end();
  expect(rows).toEqual([{ tags: 50, text: 'note 9' }]);
  const folder = join(rig.folder, 'restored');
  expect(await backups.restoreFiles(id, { path: undefined, folder, yes: false }, hooks())).toMatchObject({ files: 1 });
  await backups.close();
});

test('a base backup is locked for as long as is asked for, also beyond the recovery window', async () => {
  const locked = await startStrictS3({ locks: true });
  try {
    const rig = await rigOf('    tiers: [physical]\n    lock: 30d\n    pitr_window: 7d\n', locked.url);
    const { manifest } = await rig.now();
    const days = (Date.parse(manifest?.lockedUntil ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29);
    const { store } = await rig.backups().repository(rig.backups().config('nightly'));
    for (const path of [manifestPath({ folder: 'nightly' }, manifest?.id ?? ''), manifest?.objects[0]?.path ?? '']) {
      await expect(store.delete(path)).rejects.toMatchObject({ code: 'blob_locked' });
    }
  } finally {
    await locked.stop();
  }
});
