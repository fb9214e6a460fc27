import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  BackupKey,
  BackupKeys,
  type BackupManifest,
  prune,
  Repository,
  readCatalogue,
} from '../../src/care/backup/index.ts';
import { backUpPhysically, type PhysicalBackupInput } from '../../src/care/backup/physical/backup-now.ts';
import { checkBaseFiles, readBase, recoverCluster, synthesizeFull } from '../../src/care/backup/physical/index.ts';
import { isVolume } from '../../src/care/backup/physical/volumes.ts';
import type { BlobStore } from '../../src/lib/blob.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { DAY_MS } from '../../src/lib/zoned-time.ts';
import { copyBackup } from '../../src/main/backup/copy.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { connect, hashTables, makeFolder, type Rig, recoveryServer, startRig } from './physical-rig.ts';

const VOLUME_BYTES = 2 ** 20;
const keep = { retention: { daily: 1, weekly: 0, monthly: 0 }, timeZone: 'UTC', pitrWindowMs: 0 };
const signal = new AbortController().signal;
let rig: Rig;

beforeAll(async () => {
  rig = await startRig(18, { summarize_wal: 'on', wal_level: 'replica' });
  await rig.app.query(
    'CREATE TABLE cold AS SELECT g AS id, repeat(md5(g::text), 20) AS body FROM generate_series(1, 16000) g',
  );
  await rig.app.query('CREATE TABLE warm (id int PRIMARY KEY, body text)');
  await rig.app.query(`INSERT INTO warm SELECT g, md5(g::text) FROM generate_series(1, 2000) g`);
}, 60_000);
afterAll(() => rig?.stop());

/** A store of which one method is another. */
function withPut(store: BlobStore, put: BlobStore['put']): BlobStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'put') return put;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const isVolumePath = (path: string) => isVolume(path.slice(path.lastIndexOf('/') + 1));
const volumesOf = ({ objects }: BackupManifest) => objects.filter(({ part }) => isVolume(part));

const full = (more: Partial<PhysicalBackupInput> = {}) =>
  backUpPhysically({ ...rig.input, volumeBytes: VOLUME_BYTES, ...more });

/** A base backup that comes to nothing when it has stored so many volumes. @returns its id */
async function cutOff(after: number, more: Partial<PhysicalBackupInput> = {}): Promise<string> {
  let left = after;
  const store = withPut(rig.store, (path, ...rest) => {
    if (isVolumePath(path) && left-- === 0)
      throw Object.assign(new Error('The network is gone.'), { code: 'blob_unavailable' });
    return rig.store.put(path, ...rest);
  });
  const repository = new Repository(store, 'nightly', rig.keys);
  await expect(full({ ...more, repository })).rejects.toThrow('The network is gone.');
  const [failed] = (await readCatalogue(rig.repository, Date.now()))
    .filter(({ status }) => status === 'failed')
    .slice(-1);
  return failed?.id as string;
}

/** Makes a base backup, and counts what of its volumes is sent. */
async function resume(
  more: Partial<PhysicalBackupInput> = {},
  keys = rig.keys,
): Promise<{ manifest: BackupManifest; sent: string[] }> {
  const sent: string[] = [];
  const store = withPut(rig.store, (path, ...rest) => {
    if (isVolumePath(path)) sent.push(path);
    return rig.store.put(path, ...rest);
  });
  const repository = new Repository(store, 'nightly', keys);
  return { manifest: await full({ ...more, repository }), sent };
}

async function restoredRows({ id, wal }: BackupManifest, repository = rig.repository): Promise<Record<string, string>> {
  const cluster = await recoverCluster(
    { repository, server: recoveryServer, clock: systemClock, baseId: id, at: wal?.stop },
    join(rig.folder, 'restored'),
  );
  const client = await connect(cluster.server.url('yumops', 'postgres'));
  try {
    return await hashTables(client);
  } finally {
    await client.end();
    await cluster.server.stop();
    await cluster.place.discard();
  }
}

async function expectWhole({ id }: BackupManifest, repository = rig.repository): Promise<void> {
  expect(await checkBaseFiles(repository, await readBase(repository, id), makeFolder, () => undefined)).toEqual([]);
}

const records = async (id: string) =>
  (await readdir(join(rig.folder, 'blobs/nightly/objects', id))).filter((name) => name.endsWith('.json'));
const fileOf = (path: string) => join(rig.folder, 'blobs', path);

/** Folders in which objects stand. */
async function foldersOfObjects(): Promise<string[]> {
  const entries = await readdir(fileOf('nightly/objects'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return [...new Set(files.map(({ parentPath }) => parentPath.slice(parentPath.lastIndexOf('/') + 1)))];
}

test('a base backup goes on where a killed one stopped, and holds what the server has now', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('cut-off-child.mjs', import.meta.url))], {
    env: {
      ...process.env,
      ...{ URL: rig.engine.url, BLOBS: `${rig.folder}/blobs`, KEY: rig.keys.current.toLine() },
      ...{ VOLUME_BYTES: String(VOLUME_BYTES), STAND_STILL_AFTER: '9' },
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe('stands still\n');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const [killed] = await readCatalogue(rig.repository, Date.now());
  expect(killed).toMatchObject({ status: 'failed', why: expect.stringContaining('It was interrupted') });
  expect(await records(killed?.id ?? '')).toHaveLength(9);

  await rig.app.query(`UPDATE warm SET body = md5(body) WHERE id % 3 = 0`);
  const { manifest, sent } = await resume();
  const volumes = volumesOf(manifest);
  const taken = volumes.filter(({ path }) => path.includes(killed?.id ?? '?'));
  expect(manifest.format).toBe('yumops-backup/4');
  expect(manifest.resumed).toEqual({
    from: [killed?.id],
    bytes: taken.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  expect(taken.length).toBeGreaterThanOrEqual(5);
  expect(sent).toEqual(volumes.filter((volume) => !taken.includes(volume)).map(({ path }) => path));
  expect(await records(manifest.id)).toEqual([]);
  await expectWhole(manifest);
  expect(await restoredRows(manifest)).toEqual(await hashTables(rig.app));

  // Of the run that was killed only what the backup names stays.
  await prune(rig.repository, { ...keep, now: Date.now() + 3 * DAY_MS, signal });
  expect((await readCatalogue(rig.repository, Date.now())).map(({ id }) => id)).toEqual([manifest.id]);
  const left = await readdir(fileOf(`nightly/objects/${killed?.id}`));
  expect(left.sort()).toEqual(taken.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)).sort());
  await expectWhole(manifest);
}, 120_000);

test('what several runs have stored that were cut off is taken, and no more by the backup after', async () => {
  const runs = [await cutOff(5), await cutOff(9)];
  const { manifest } = await resume();
  expect(manifest.resumed?.from).toEqual(runs);
  await expectWhole(manifest);
  const next = await resume();
  expect(next.manifest.resumed).toBeUndefined();
  expect(next.sent).toHaveLength(volumesOf(next.manifest).length);

  // What a backup held of a run that was cut off goes with the backup.
  expect((await foldersOfObjects()).length).toBeGreaterThan(3);
  await prune(rig.repository, { ...keep, now: Date.now() + 3 * DAY_MS, signal });
  expect(await foldersOfObjects()).toEqual([next.manifest.id]);
  await expectWhole(next.manifest);
}, 60_000);

const DAMAGE: ((path: string) => Promise<void>)[] = [
  (path) => truncate(path, 5_000),
  (path) => rm(path),
  async (path) => {
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(path, bytes);
  },
];

test('of volumes that are not as they were stored none is taken', async () => {
  const run = await cutOff(12);
  const noted = (await records(run)).sort();
  const hurt = noted.slice(-DAMAGE.length).map((name) => `nightly/objects/${run}/${name.slice(0, -'.json'.length)}`);
  for (const [index, damage] of DAMAGE.entries()) await damage(fileOf(hurt[index] as string));
  // A record of what is not so: it would put one volume at the place of another.
  const [first, second] = noted.map((name) => fileOf(`nightly/objects/${run}/${name}`)) as [string, string];
  await writeFile(first, await readFile(second));
  const { manifest } = await resume();
  const paths = volumesOf(manifest).map(({ path }) => path);
  expect(manifest.resumed?.from).toEqual([run]);
  expect(paths.filter((path) => hurt.includes(path))).toEqual([]);
  expect(paths.map(fileOf)).not.toContain(first.slice(0, -'.json'.length));
  await expectWhole(manifest);
}, 60_000);

test('an increment goes on too, and so does a full one that is put together; a copy holds all of it', async () => {
  const fullEveryMs = 7 * DAY_MS;
  const volumeBytes = 2 ** 16;
  const parent = await full({ fullEveryMs });
  await rig.app.query(`UPDATE cold SET body = md5(body) WHERE id % 40 = 0; UPDATE warm SET body = md5(body)`);
  const run = await cutOff(4, { fullEveryMs, volumeBytes });
  const { manifest } = await resume({ fullEveryMs, volumeBytes });
  expect(manifest).toMatchObject({ parent: parent.id, format: 'yumops-backup/4', resumed: { from: [run] } });
  expect(volumesOf(manifest)[1]?.part).toBe('base.pieces.1');
  await expectWhole(manifest);

  let left = 6;
  const abort = new AbortController();
  const together = (more: Partial<Parameters<typeof synthesizeFull>[0]>) =>
    synthesizeFull({
      ...{
        repository: rig.repository,
        clock: systemClock,
        madeBy: 'test',
        makeFolder,
        volumeBytes: VOLUME_BYTES,
        signal,
      },
      ...{ progress: () => undefined, ...more },
    });
  const store = withPut(rig.store, (path, ...rest) => {
    if (isVolumePath(path) && left-- === 0) abort.abort(new Error('ended'));
    return rig.store.put(path, ...rest);
  });
  const failing = together({ repository: new Repository(store, 'nightly', rig.keys), signal: abort.signal });
  await expect(failing).rejects.toThrow('ended');
  const whole = await together({});
  expect(whole).toMatchObject({ parent: null, format: 'yumops-backup/4' });
  expect(whole.resumed?.from).toHaveLength(1);
  await expectWhole(whole);

  const second = new Repository(await openBlobStore(`file:${rig.folder}/second`, rig.folder), 'nightly', rig.keys);
  const route = {
    from: rig.repository,
    to: second,
    clock: systemClock,
    lockMs: null,
    pitrWindowMs: DAY_MS,
    isReturn: false,
  };
  await copyBackup(route, manifest, { progress: () => undefined, signal });
  await copyBackup(route, whole, { progress: () => undefined, signal });
  await expectWhole(manifest, second);
  expect(await restoredRows(whole, second)).toEqual(await hashTables(rig.app));
}, 120_000);

test('volumes that are sealed with another key are not taken', async () => {
  await cutOff(5);
  const { manifest } = await resume({}, new BackupKeys([BackupKey.create(), rig.keys.current]));
  expect(manifest.resumed).toBeUndefined();
}, 60_000);
