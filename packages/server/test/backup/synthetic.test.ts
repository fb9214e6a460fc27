import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type VerificationRecord, verificationPath } from '../../src/care/backup/catalogue.ts';
import {
  BackupKey,
  BackupKeys,
  type BackupManifest,
  manifestPath,
  planRetention,
  Repository,
  readCatalogue,
  whilePruning,
} from '../../src/care/backup/index.ts';
import { backUpPhysically } from '../../src/care/backup/physical/backup-now.ts';
import { checkBaseFiles, readBase, synthesizeFull } from '../../src/care/backup/physical/index.ts';
import { unpackLinks } from '../../src/care/backup/physical/unpack.ts';
import { readBlob } from '../../src/lib/blob.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { DAY_MS } from '../../src/lib/zoned-time.ts';
import { copyBackup } from '../../src/main/backup/copy.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { hashTables, inRecovered, makeFolder, type Rig, startRig } from './physical-rig.ts';

let rig: Rig;
const signal = new AbortController().signal;
const progress = () => undefined;
const chain: BackupManifest[] = [];
let hashes: Record<string, string>;
let full: BackupManifest;

/** What was told of the size of the last base backup. */
let totals: (number | null)[] = [];
const backUp = () => {
  totals = [];
  return backUpPhysically({
    ...rig.input,
    fullEveryMs: 7 * DAY_MS,
    progress: (_bytes, total) => totals.push(total),
  });
};
const synthesize = (more: Partial<Parameters<typeof synthesizeFull>[0]> = {}) =>
  synthesizeFull({
    ...{ repository: rig.repository, clock: systemClock, madeBy: 'test', makeFolder, progress, signal },
    ...more,
  });

/** Every file below a folder with its mode and the sum of its bytes. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode } = await stat(path);
    const content = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : 'folder';
    files[path.slice(folder.length + 1)] = `${(mode & 0o777).toString(8)} ${content}`;
  }
  return files;
}

async function unpacked(repository: Repository, ids: readonly string[]): Promise<Record<string, string>> {
  const folder = await makeFolder();
  try {
    const links = await Promise.all(ids.map((id) => readBase(repository, id)));
    await unpackLinks(repository, links, folder.path);
    return await filesOf(folder.path);
  } finally {
    await folder.remove();
  }
}

const restoredRows = ({ id, wal }: BackupManifest) =>
  inRecovered({ repository: rig.repository, baseId: id, at: wal?.stop }, join(rig.folder, 'restored'), hashTables);

const good = async () =>
  (await readCatalogue(rig.repository, Date.now())).filter(({ status }) => status === 'good').map(({ id }) => id);

beforeAll(async () => {
  rig = await startRig(18);
  await rig.app.query(`
    CREATE TABLE big AS SELECT n AS id, md5(n::text) AS body FROM generate_series(1, 40000) n;
    ALTER TABLE big ADD PRIMARY KEY (id);
    CREATE TABLE dropped AS SELECT n FROM generate_series(1, 3000) n;
    CREATE TABLE shrinks AS SELECT n, repeat('y', 200) AS body FROM generate_series(1, 5000) n;`);
  chain.push(await backUp());
  expect(totals[0]).toBeGreaterThan(10e6);
  await rig.app.query(
    `UPDATE big SET body = 'changed' WHERE id % 50 = 0; DROP TABLE dropped; DELETE FROM shrinks WHERE n > 1000`,
  );
  await rig.app.query('VACUUM shrinks');
  chain.push(await backUp());
  await rig.app.query("INSERT INTO shrinks SELECT n, 'again' FROM generate_series(6000, 9000) n");
  chain.push(await backUp());
  // How much has changed nobody can say.
  expect(new Set(totals)).toEqual(new Set([null]));
  hashes = await hashTables(rig.app);
}, 120_000);

afterAll(() => rig.stop());

test('what is ended, or cannot be stored, leaves nothing that is called good', async () => {
  const before = await good();
  for (const phase of ['bytes put together', 'bytes read back']) {
    const abort = new AbortController();
    const end = (_done: number, _total: number | null, what: string) => {
      if (what === phase) abort.abort(new Error(`ended at ${phase}`));
    };
    await expect(synthesize({ progress: end, signal: abort.signal })).rejects.toThrow(`ended at ${phase}`);
  }
  const put = (path: string, ...rest: [never, never]) =>
    path.includes('/manifests/') ? Promise.reject(new Error('the store is gone')) : rig.store.put(path, ...rest);
  const store = new Proxy(rig.store, {
    get(target, name) {
      const value: unknown = name === 'put' ? put : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const repository = new Repository(store, 'nightly', rig.keys);
  await expect(synthesize({ repository })).rejects.toThrow('the store is gone');
  expect(await good()).toEqual(before);
  const failed = (await readCatalogue(rig.repository, Date.now())).filter(({ status }) => status === 'failed');
  expect(failed.map(({ why, synthetic }) => [why, synthetic?.from])).toEqual([
    ['ended at bytes put together', chain[2]?.id],
    ['ended at bytes read back', chain[2]?.id],
    ['the store is gone', chain[2]?.id],
  ]);
});

test('of a chain that a trial found not to be good nothing is made that would be called good', async () => {
  const [id, at] = [chain[1]?.id ?? '', new Date().toISOString()];
  const record: VerificationRecord = { id, at, level: 3, ok: false, findings: [], phases: {}, evidence: {} };
  const path = verificationPath(rig.repository, record);
  await rig.repository.writeRecord(path, record);
  const refused = { code: 'synthesis_doubted', message: expect.stringContaining(id) };
  await expect(synthesize()).rejects.toMatchObject(refused);
  await rig.store.delete(path);
});

test('a parent that is damaged is named, and nothing is made of it', async () => {
  const path = rig.repository.objectPath(chain[1]?.id ?? '', 'base.pieces');
  const bytes = await readBlob(rig.store, path);
  const altered = Buffer.from(bytes);
  altered[Math.floor(altered.length / 2)] = (altered[Math.floor(altered.length / 2)] as number) ^ 1;
  await rig.store.put(path, altered);
  const before = await good();
  await expect(synthesize()).rejects.toMatchObject({ code: 'backup_damaged', message: expect.stringContaining(path) });
  expect(await good()).toEqual(before);
  await rig.store.put(path, bytes);
});

test('a full one holds what the chain holds, byte by byte, and restores every row; nothing is deleted meanwhile', async () => {
  const prunes: unknown[] = [];
  full = await synthesize({
    makeFolder: async () => {
      prunes.push(await whilePruning(rig.repository, systemClock, async () => 'pruned').catch(({ code }) => code));
      return makeFolder();
    },
  });
  expect(prunes).toEqual(['backup_in_use']);
  const last = chain[2] as BackupManifest;
  expect(full).toMatchObject({
    ...{ format: 'yumops-backup/1', parent: null, started: last.started, wal: last.wal },
    synthetic: { from: last.id, increments: 2 },
  });
  const ids = chain.map(({ id }) => id);
  expect(await unpacked(rig.repository, [full.id])).toEqual(await unpacked(rig.repository, ids));
  expect(await restoredRows(full)).toEqual(hashes);
  await expect(synthesize()).rejects.toMatchObject({ code: 'synthesis_needless' });
});

test('it is listed as what it is, and retention lets the chain go for it', async () => {
  const entries = await readCatalogue(rig.repository, Date.now());
  const entry = entries.find(({ id }) => id === full.id);
  expect(entry).toMatchObject({ synthetic: { from: chain[2]?.id }, verified: { level: 1, ok: true } });
  expect(entry?.seconds).toBeLessThan(60);
  const strange = new Repository(rig.store, 'nightly', new BackupKeys([BackupKey.create()]));
  const locked = (await readCatalogue(strange, Date.now())).filter(({ status }) => status === 'locked');
  expect(locked.map(({ tier }) => tier)).toEqual(Array.from({ length: 4 }, () => 'physical'));
  const { keep } = planRetention(
    entries.filter(({ status }) => status === 'good'),
    { retention: { daily: 1, weekly: 0, monthly: 0 }, timeZone: 'UTC', pitrWindowMs: 0 },
    Date.now(),
  );
  expect(keep.map(({ id }) => id)).toEqual([full.id]);
});

test('increments build on it, in pieces, and restore; the age of what a server sent is kept', async () => {
  await rig.app.query(`UPDATE big SET body = 'later' WHERE id % 100 = 1`);
  const next = await backUp();
  expect(next).toMatchObject({ parent: full.id, warnings: [], format: 'yumops-backup/2' });
  expect(next.bytes).toBeLessThan(full.bytes / 4);
  expect(await restoredRows(next)).toEqual(await hashTables(rig.app));
  const again = await synthesize();
  expect(again.synthetic).toMatchObject({ from: next.id, increments: 1, serverFullAt: full.synthetic?.serverFullAt });
  expect((await backUpPhysically({ ...rig.input, fullEveryMs: 1 })).synthetic).toBeUndefined();
});

test('it is sealed with the key of today, and the second destination needs nothing else', async () => {
  await rig.app.query(`UPDATE big SET body = 'last' WHERE id % 100 = 2`);
  const last = await backUp();
  const fresh = BackupKey.create();
  const rotated = new Repository(rig.store, 'nightly', new BackupKeys([fresh, ...[rig.keys.current]]));
  const made = await synthesize({ repository: rotated });
  expect(made.synthetic?.from).toBe(last.id);
  const to = new Repository(
    await openBlobStore(`file:${join(rig.folder, 'second')}`, rig.folder),
    'nightly',
    new BackupKeys([fresh]),
  );
  const route = { from: rotated, to, clock: systemClock, lockMs: null, pitrWindowMs: DAY_MS, isReturn: false };
  await copyBackup(route, made, { progress, signal });
  expect((await readCatalogue(to, Date.now())).map(({ id, status }) => [id, status])).toEqual([[made.id, 'good']]);
  expect(await checkBaseFiles(to, await readBase(to, made.id), makeFolder, progress)).toEqual([]);
  expect(await to.store.head(manifestPath(to, last.id))).toBeUndefined();
});
