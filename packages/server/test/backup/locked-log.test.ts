import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { BackupKey, BackupKeys, Repository } from '../../src/care/backup/index.ts';
import { logOfBase, readPhysicalState } from '../../src/care/backup/physical/index.ts';
import { lockLog } from '../../src/care/backup/physical/lock-log.ts';
import { WalArchive } from '../../src/care/backup/physical/wal-archive.ts';
import { DAY_MS } from '../../src/lib/zoned-time.ts';
import type { Backups } from '../../src/main/backup/backups.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';
import { type BackupRig, hooks, makeRig } from './rig.ts';

let server: TestServer;
let url: string;
let s3: StrictS3;
let second: StrictS3;
let rig: BackupRig;

beforeAll(async () => {
  server = await startEmbeddedServer(18, { summarize_wal: 'on', full_page_writes: 'on' });
  url = await server.createDatabase('app');
  await run(url, 'CREATE TABLE notes AS SELECT n, md5(n::text) FROM generate_series(1, 2000) n');
  [s3, second] = [await startStrictS3({ locks: true }), await startStrictS3({ locks: true })];
  const yaml = `    tiers: [physical]\n    pitr_window: 1d\n    lock: 30d\n    copy_to: {url: "${second.url}", lock: 60d}\n`;
  rig = await makeRig(url, yaml, s3.url);
}, 120_000);
afterAll(async () => {
  await rig?.remove();
  await s3?.stop();
  await second?.stop();
  await server?.stop();
});

/** From now on other locks are asked for. */
async function lockFor(from: string, to: string): Promise<void> {
  const file = join(rig.folder, 'yumops.yml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
}

/** For how many days the log of a base backup is locked, piece by piece, and what of the log is not its own. */
async function daysOf(bucket: StrictS3, backups: Backups, id: string): Promise<{ own: number[]; rest: number[] }> {
  const repository = await backups.repository(backups.config('nightly'));
  const paths = await logOfBase(repository, id, Date.now());
  const { contents } = await readPhysicalState(repository, Date.now());
  const all = [...contents.values()].flatMap(({ pieces }) => pieces.map(({ path }) => path));
  const prefix = [...bucket.objects().keys()]
    .find((key) => key.endsWith(paths[0] as string))
    ?.slice(0, -(paths[0]?.length ?? 0));
  const days = (path: string) => Math.round(Math.max(0, bucket.lockedUntil(`${prefix}${path}`) - Date.now()) / DAY_MS);
  return { own: paths.map(days), rest: all.filter((path) => !paths.includes(path)).map(days) };
}

const every = (days: number) => (found: { own: number[] }) => {
  expect(found.own.length).toBeGreaterThan(0);
  expect(new Set(found.own)).toEqual(new Set([days]));
};

test('the log that a base backup needs is locked for as long as it is, through increments, full ones put together and copies', async () => {
  const full = await rig.good();
  every(30)(await daysOf(s3, rig.backups(), full));
  every(60)(await daysOf(second, rig.backups().at('second'), full));
  // The rest of the log only for the window, or not at all where its window is not whole.
  const { rest } = await daysOf(s3, rig.backups(), full);
  for (const days of rest) expect(days).toBeLessThanOrEqual(1);

  await lockFor('lock: 30d', 'lock: 40d');
  await run(url, 'UPDATE notes SET n = n + 1 WHERE n % 50 = 0');
  const { manifest } = await rig.now();
  expect(manifest?.parent).toBe(full);
  const increment = manifest?.id as string;
  every(40)(await daysOf(s3, rig.backups(), increment));
  every(40)(await daysOf(s3, rig.backups(), full));

  await lockFor('lock: 40d', 'lock: 50d');
  const backups = rig.backups();
  const made = await backups.synthesize(backups.config('nightly'), hooks());
  expect(made.copyError).toBeNull();
  every(50)(await daysOf(s3, backups, made.manifest.id));
  every(60)(await daysOf(second, backups.at('second'), made.manifest.id));
  // Log that somebody else must not take, also with the right to delete.
  const repository = await backups.repository(backups.config('nightly'));
  const [path] = await logOfBase(repository, made.manifest.id, Date.now());
  await expect(repository.store.delete(path as string)).rejects.toMatchObject({ code: 'blob_locked' });
  await backups.close();
});

test('a part that goes while it is locked is one with its window, which is locked in its place', async () => {
  const bucket = await startStrictS3({ locks: true });
  const store = await openBlobStore(bucket.url, rig.folder);
  const archive = new WalArchive(new Repository(store, 'nightly', new BackupKeys([BackupKey.create()])), '7');
  const header = {
    systemId: '7',
    timeline: 1,
    segmentSize: 1_048_576,
    lastEndAt: null,
    recordEnd: '0',
    coveredUntil: null,
  };
  const write = (start: number, end: number) =>
    archive.writePiece({ ...header, start: `${start}`, end: `${end}` }, Buffer.alloc(end - start));
  const [part, after] = [await write(0, 500_000), await write(500_000, 700_000)];
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  bucket.faults = { hold: { only: new RegExp(`^GET .*${part}$`), until } };
  const end = Date.now() + 9 * DAY_MS;
  const locking = lockLog(archive, [{ timeline: 1, start: 100n, stop: 600_000n, segmentSize: 1_048_576 }], end);
  await vi.waitFor(() =>
    expect(bucket.requests.filter((line) => line.includes('retention')).length).toBeGreaterThan(0),
  );
  await write(0, 1_048_576);
  await store.delete(part);
  release();
  await locking;
  const locked = [...bucket.objects().keys()].filter((key) => bucket.lockedUntil(key) > end - 1_000);
  expect(locked.map((key) => key.slice(key.indexOf('nightly')))).toEqual([
    'nightly/wal/7/00000001/0000000000000000-0000000000100000',
    after,
  ]);
  await store.close();
  await bucket.stop();
});
