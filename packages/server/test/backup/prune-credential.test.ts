import { readFile, rm } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { type BackupKeys, prune as pruneRepository, Repository, readBackupKeys } from '../../src/care/backup/index.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import { DAY_MS } from '../../src/lib/zoned-time.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';
import { type BackupRig, hooks, makeRig } from './rig.ts';

const RETENTION = '    files: [./uploads]\n    retention: {daily: 1, weekly: 1, monthly: 1}\n';
let rig: BackupRig | undefined;
let s3: StrictS3 | undefined;

afterEach(async () => {
  await rig?.remove();
  await s3?.stop();
});

/** Two backups of one day in a store of their own, of which retention keeps the newer. */
async function twoBackups({ locks = false, yaml }: { locks?: boolean; yaml(store: StrictS3): string }) {
  const store = await startStrictS3({ locks });
  s3 = store;
  const made = await makeRig(null, RETENTION + yaml(store), store.writerUrl);
  rig = made;
  await made.write('uploads/menu.txt', 'soup');
  const first = await made.good();
  await made.write('uploads/menu.txt', 'salad');
  const second = await made.good();
  const backups = made.backups();
  const prune = () => backups.prune(backups.config('nightly'), hooks().signal);
  const good = async () =>
    (await backups.list(backups.config('nightly'))).filter(({ status }) => status === 'good').map(({ id }) => id);
  return { first, second, prune, good, store, verify: () => made.verify(second, 1) };
}

test('credentials that may not delete make and restore backups; a prune with them is refused and names the way out', async () => {
  const { first, second, prune, good, store, verify } = await twoBackups({ yaml: () => '' });
  expect((await verify()).findings).toEqual([]);
  await expect(prune()).rejects.toMatchObject({
    code: 'blob_refused',
    message: expect.stringContaining('(403 AccessDenied)'),
    hint: expect.stringContaining('prune_url'),
  });
  expect(await good()).toEqual([first, second]);
  expect(store.deletions()).toBe(0);
});

test('prune alone uses the credentials that may', async () => {
  const { first, second, prune, good, store } = await twoBackups({
    yaml: ({ url }) => `    prune_url: "${url}"\n`,
  });
  expect(store.deletions()).toBe(0);
  expect((await prune()).delete.map(({ id }) => id)).toEqual([first]);
  expect(await good()).toEqual([second]);
  expect(store.deletions()).toBeGreaterThan(0);
});

test('what is locked stays, also for credentials that may delete, and is named', async () => {
  const { first, second, prune, good } = await twoBackups({
    locks: true,
    yaml: ({ url }) => `    prune_url: "${url}"\n    lock: 30d\n`,
  });
  const report = await prune();
  expect(report.refused.map(({ path }) => path)).toContain(`nightly/manifests/${first}.json`);
  expect(report.refused[0]?.message).toMatch(/is locked/);
  expect(await good()).toEqual([first, second]);
});

test('a backup whose manifest cannot be deleted stays whole, and evidence of one that is gone goes', async () => {
  const made = await makeRig(null, RETENTION);
  rig = made;
  await made.write('uploads/menu.txt', 'soup');
  const first = await made.good();
  await made.verify(first, 1);
  await made.write('uploads/menu.txt', 'salad');
  const second = await made.good();
  const backups = made.backups();
  const repository = await backups.repository(backups.config('nightly'));
  const keep = {
    ...{ retention: { daily: 1, weekly: 0, monthly: 0 }, timeZone: 'UTC', pitrWindowMs: 0, signal: hooks().signal },
    now: Date.now() + 3 * DAY_MS,
  };
  const keys = readBackupKeys(await readFile(`${made.folder}/backup.key`, 'utf8')) as BackupKeys;
  const store = new Proxy(repository.store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'delete') return typeof value === 'function' ? value.bind(target) : value;
      return async (path: string) => {
        if (path.includes('/manifests/')) throw new YumOpsError('blob_locked', `${path} is locked.`);
        await target.delete(path);
      };
    },
  });
  // The one that was verified is kept for that; nothing speaks for it once its evidence is gone.
  for (const file of await made.stored(`/verified/${first}/`)) await rm(file);
  const report = await pruneRepository(new Repository(store, 'nightly', keys), keep);
  expect(report.refused.map(({ path }) => path)).toEqual([`nightly/manifests/${first}.json`]);
  expect((await made.verify(first, 1)).findings).toEqual([]);

  // What a prune left that was killed right after the manifest.
  await rm((await made.stored(`/manifests/${first}.json`))[0] as string);
  await pruneRepository(repository, keep);
  expect(await made.stored(first)).toEqual([]);
  expect((await made.verify(second, 1)).findings).toEqual([]);
});
