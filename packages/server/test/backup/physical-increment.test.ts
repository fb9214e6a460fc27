import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  manifestPath,
  planRetention,
  prune,
  Repository,
  readCatalogue,
  readManifest,
} from '../../src/care/backup/index.ts';
import { backUpPhysically } from '../../src/care/backup/physical/backup-now.ts';
import {
  checkBaseFiles,
  checkParents,
  readBase,
  readPhysicalState,
  recoverCluster,
  tryPhysical,
} from '../../src/care/backup/physical/index.ts';
import { readBlob } from '../../src/lib/blob.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { DAY_MS } from '../../src/lib/zoned-time.ts';
import { copyBackup } from '../../src/main/backup/copy.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { PostgresDatabase } from '../../src/store/source/index.ts';
import { hashTables, inRecovered, makeFolder, type Rig, recoveryServer, startRig } from './physical-rig.ts';

let rig: Rig;
const signal = new AbortController().signal;
const progress = () => undefined;
const made: { id: string; parent: string | null; bytes: number; warnings: readonly string[] }[] = [];
const hashes: Record<string, string>[] = [];

async function backUp(fullEveryMs = 7 * DAY_MS) {
  const manifest = await backUpPhysically({ ...rig.input, fullEveryMs });
  made.push(manifest);
  hashes.push(await hashTables(rig.app));
  return manifest;
}

beforeAll(async () => {
  rig = await startRig(18);
  await rig.app.query(`
    CREATE TABLE big AS SELECT n AS id, md5(n::text) AS body, n * 1.5 AS amount FROM generate_series(1, 150000) n;
    ALTER TABLE big ADD PRIMARY KEY (id);
    CREATE TABLE dropped AS SELECT n FROM generate_series(1, 5000) n;
    CREATE TABLE emptied AS SELECT n, repeat('x', 200) AS body FROM generate_series(1, 5000) n;
    CREATE TABLE shrinks AS SELECT n, repeat('y', 200) AS body FROM generate_series(1, 5000) n;`);
  await rig.app.query('VACUUM ANALYZE');
  await backUp();
  await rig.app.query(`UPDATE big SET body = 'changed' WHERE id BETWEEN 70000 AND 71500;
    DROP TABLE dropped; TRUNCATE emptied; CREATE TABLE created AS SELECT n FROM generate_series(1, 3000) n;
    DELETE FROM shrinks WHERE n > 1000`);
  // The tail of the table is given back to the disk.
  await rig.app.query('VACUUM shrinks');
  await backUp();
  await rig.app.query(`INSERT INTO shrinks SELECT n, repeat('z', 300) FROM generate_series(6000, 9000) n;
    INSERT INTO emptied SELECT n, 'again' FROM generate_series(1, 100) n;
    UPDATE big SET amount = 0 WHERE id < 1500; DROP TABLE created`);
  await rig.app.query('CREATE DATABASE other');
  await backUp();
}, 120_000);

afterAll(() => rig.stop());

test('increments hold what changed, each on the one before', () => {
  const [full, first, second] = made;
  expect([full?.parent, first?.parent, second?.parent]).toEqual([null, full?.id, first?.id]);
  expect((first?.bytes ?? 0) / (full?.bytes ?? 1)).toBeLessThan(0.35);
});

test.each([1, 2])('backup %i restores with every row as it was', async (index) => {
  const { id, wal } = await readManifest(rig.repository, made[index]?.id ?? '');
  const input = { repository: rig.repository, baseId: id, at: wal?.stop };
  expect(await inRecovered(input, join(rig.folder, 'restored'), hashTables)).toEqual(hashes[index]);
});

test('the last one passes a trial: every index fits its table, every page its sum', async () => {
  const deps = {
    ...{ repository: rig.repository, server: recoveryServer, clock: systemClock, progress },
    connect: (url: string) => new PostgresDatabase('the copy', new Secret(url)),
    ...{
      smokeQueries: ['SELECT 1 FROM big WHERE amount = 0 LIMIT 1'],
      catalog: 'postgres',
      near: join(rig.folder, 't'),
    },
  };
  const trial = await tryPhysical(deps, {}, 4);
  expect(trial.findings).toEqual([]);
  expect(trial.evidence).toMatchObject({ base: made[2]?.id });
});

const RULES = { retention: { daily: 1, weekly: 0, monthly: 0 }, timeZone: 'UTC', pitrWindowMs: 0 };

test('retention keeps what an increment builds on', async () => {
  const entries = await readCatalogue(rig.repository, Date.now());
  const { keep, delete: gone } = planRetention(entries, RULES, Date.now());
  expect(keep.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  expect(keep.slice(0, 2).map(({ why }) => why)).toEqual([['parent'], ['parent']]);
  expect(gone).toEqual([]);
});

test('a copy and a prune take the pieces and the hashes with them; the catalogue is read from the copy alone', async () => {
  const to = new Repository(await openBlobStore(`file:${join(rig.folder, 'second')}`, rig.folder), 'nightly', rig.keys);
  const route = { from: rig.repository, to, clock: systemClock, lockMs: null, pitrWindowMs: DAY_MS, isReturn: false };
  const last = await readManifest(rig.repository, made[2]?.id ?? '');
  expect(last).toMatchObject({ format: 'yumops-backup/2' });
  await copyBackup(route, last, { progress, signal });
  const objects = async () => {
    const names = await readdir(join(rig.folder, 'second/nightly/objects'), { recursive: true, withFileTypes: true });
    return names.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  const parts = (await objects()).sort();
  expect(parts.filter((name) => name === 'page-hashes')).toHaveLength(3);
  expect(parts.filter((name) => name === 'base.pieces')).toHaveLength(2);
  const copied = await readCatalogue(to, Date.now());
  expect(copied.map(({ id, status }) => [id, status])).toEqual(made.map(({ id }) => [id, 'good']));
  expect(await checkBaseFiles(to, await readBase(to, last.id), makeFolder, progress)).toEqual([]);
  const { bases } = await readPhysicalState(to, Date.now());
  const copy = await backUpPhysically({ ...rig.input, repository: to });
  const options = { ...RULES, now: Date.now(), signal };
  expect((await prune(to, options)).delete.map(({ id }) => id).sort()).toEqual(bases.map(({ id }) => id).sort());
  expect((await objects()).sort()).toEqual(copy.objects.map(({ part }) => part).sort());
});

test('a parent that is damaged or gone is named, and nothing is restored from what builds on it', async () => {
  const manifest = await readManifest(rig.repository, made[2]?.id ?? '');
  const check = { repository: rig.repository, manifest, progress, signal };
  expect(await checkParents(check)).toEqual([]);
  const path = rig.repository.objectPath(made[1]?.id ?? '', 'base.pieces');
  const bytes = await readBlob(rig.store, path);
  const input = { repository: rig.repository, server: recoveryServer, clock: systemClock, baseId: manifest.id };
  await rig.store.put(path, bytes.subarray(0, -20));
  expect(await checkParents(check)).toEqual([expect.objectContaining({ code: 'object_damaged', object: path })]);
  await expect(recoverCluster(input, join(rig.folder, 'refused'))).rejects.toMatchObject({ code: 'backup_damaged' });
  await rig.store.put(path, bytes);
  const listed = manifestPath(rig.repository, made[1]?.id ?? '');
  const record = await readBlob(rig.store, listed);
  await rig.store.delete(listed);
  expect(await checkParents(check)).toEqual([expect.objectContaining({ code: 'parent_missing', object: listed })]);
  await expect(recoverCluster(input, join(rig.folder, 'refused'))).rejects.toMatchObject({
    code: 'nothing_to_restore',
  });
  await rig.store.put(listed, record);
});

test('a full one is made when it is due, and where the server cannot make an increment', async () => {
  expect((await backUp(1)).parent).toBeNull();
  const facts = async () => ({ ...(await rig.input.source.facts()), summarizesWal: false });
  const silent = { ...rig.input, source: { ...rig.input.source, facts }, fullEveryMs: 7 * DAY_MS };
  const parent = await backUpPhysically(silent);
  expect(parent).toMatchObject({ parent: null, warnings: [] });
  // What changed since the parent can be told no more.
  await rig.app.query('INSERT INTO big VALUES (0, $1, 0)', ['late']);
  await rig.app.query('CHECKPOINT');
  const summed = 'SELECT coalesce(max(end_lsn) > $1::pg_lsn, false) AS over FROM pg_available_wal_summaries()';
  while (!(await rig.app.query(summed, [parent.wal?.stop])).rows[0].over) await systemClock.sleep(50);
  const { rows } = await rig.app.query<{ data_directory: string }>('SHOW data_directory');
  const summaries = join(rows[0]?.data_directory ?? '', 'pg_wal/summaries');
  for (const name of await readdir(summaries)) await rm(join(summaries, name));
  const instead = await backUp();
  expect(instead.parent).toBeNull();
  expect(instead.warnings).toEqual([expect.stringMatching(/^It is full where an increment was due: .*WAL summaries/)]);
});
