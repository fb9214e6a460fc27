import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { copyProblems, prune } from '../../src/care/backup/index.ts';
import { copyRest } from '../../src/care/backup/physical/copy-wal.ts';
import { readBlob } from '../../src/lib/blob.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { copyAndCheck } from '../../src/main/backup/copies.ts';
import { backupPages } from '../../src/main/backup/pages.ts';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';
import { type BackupRig, damage, flip, hooks, makeRig, problemCodes, watchOf } from './rig.ts';

const HASH = 'SELECT count(*) || sum(hashtextextended(t::text, 0))::text AS hash FROM notes t';
let server: TestServer;
let url: string;
let rig: BackupRig | undefined;
let s3: StrictS3 | undefined;

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  url = await server.createDatabase('app');
  await run(
    url,
    'CREATE TABLE notes (id int PRIMARY KEY, text text)',
    'INSERT INTO notes SELECT i, md5(i::text) FROM generate_series(1, 5000) i',
  );
});
afterEach(async () => {
  await rig?.remove();
  await s3?.stop();
  rig = undefined;
  s3 = undefined;
});
afterAll(() => server?.stop());

async function hashOf(database: string): Promise<string> {
  const client = await open(database);
  const { rows } = await client.query(HASH);
  await client.end();
  return (rows[0] as { hash: string }).hash;
}

async function rigWith(yaml: string, blobs?: string, database: string | null = url): Promise<BackupRig> {
  rig = await makeRig(database, `    files: [./uploads]\n${yaml}`, blobs);
  await rig.write('uploads/menu.txt', 'soup');
  return rig;
}

describe.each<[string, () => Promise<string>]>([
  ['a directory', async () => 'file:./second'],
  [
    'a bucket whose credentials may not delete',
    async () => {
      s3 = await startStrictS3();
      return s3.writerUrl;
    },
  ],
])('with the first destination lost and %s as the second', (_, address) => {
  test('backups are listed, verified, drilled and restored from the second by its name', async () => {
    const made = await rigWith(`    copy_to: {url: "${await address()}", name: offsite}\n`);
    const id = await made.good();
    await rm(join(made.folder, 'blobs'), { recursive: true });
    const all = made.backups();
    const config = all.config('nightly');
    expect(await all.list(config)).toEqual([]);
    expect(await problemCodes(made.backups())).toContain('lost');
    const there = all.at('offsite');
    expect(await there.list(config)).toMatchObject([{ id, status: 'good' }]);
    expect(await there.verify(id, 1, hooks())).toMatchObject({ ok: true });
    const target = Object.assign(new URL(url), { pathname: `/back_${id.slice(-6)}` }).href;
    await there.restore(id, new Secret(target), { table: undefined, yes: false }, hooks());
    expect(await hashOf(target)).toBe(await hashOf(url));
    const folder = join(made.folder, 'back');
    expect(await there.restoreFiles(id, { path: undefined, folder, yes: false }, hooks())).toMatchObject({ files: 1 });
    // That of a directory is drilled by command, in another test.
    if (s3) {
      expect(await there.drill(config, hooks())).toMatchObject({ ok: true, backup: id });
      expect(await there.drills(config, 5)).toHaveLength(1);
    }
    // The catalogue of the first is rebuilt from it, and stands on its own again.
    expect(await copyAndCheck(there, config, hooks())).toMatchObject({ copied: [id], verified: [{ ok: true }] });
    expect(await made.verify(id, 1)).toMatchObject({ ok: true });
    await all.close();
  });
});

test('the second destination has a retention, a lock and a prune credential of its own', async () => {
  s3 = await startStrictS3({ locks: true });
  const rules = 'lock: 30d, retention: {daily: 1, weekly: 1, monthly: 1}';
  const copy = `    copy_to: {url: "${s3.writerUrl}", prune_url: "${s3.url}", ${rules}}\n`;
  const made = await rigWith(copy, undefined, null);
  const ids = [await made.good(), await made.good()];
  const backups = made.backups();
  const config = backups.config('nightly');
  expect(s3.deletions()).toBe(0);
  const report = await backups.prune({ ...config, retention: { daily: 1, weekly: 1, monthly: 1 } }, hooks().signal);
  expect(report.delete).toEqual([{ id: ids[0] }]);
  // It is locked there, also for who may delete.
  expect(report.copy?.delete).toEqual([{ id: ids[0] }]);
  expect(report.copy?.refused.map(({ path }) => path)).toContain(`nightly/manifests/${ids[0]}.json`);
  expect((await backups.list(config)).map(({ id }) => id)).toEqual([ids[1]]);
  expect((await backups.at('second').list(config)).map(({ id }) => id)).toEqual(ids);
  // Both are shown, with where they are.
  const pages = backupPages(() => backups, watchOf(backups), systemClock);
  const { items, plans } = await pages.page(10, undefined);
  expect(items.map(({ id, places }) => [id, places.map(({ name }) => name)])).toEqual([
    [ids[1], ['first', 'second']],
    [ids[0], ['second']],
  ]);
  expect(plans[0]?.copy).toMatchObject({ name: 'second', backups: 2, missing: [], lagSeconds: 0 });
  expect(await pages.detail(ids[0] as string)).toMatchObject({ id: ids[0], lockedUntil: null });
  await backups.close();
});

test('a prune that the second destination refuses names the credential that it needs', async () => {
  s3 = await startStrictS3();
  const copy = `    copy_to: "${s3.writerUrl}"\n    retention: {daily: 1, weekly: 1, monthly: 1}\n`;
  const made = await rigWith(copy, undefined, null);
  await made.good();
  await made.good();
  const backups = made.backups();
  await expect(backups.prune(backups.config('nightly'), hooks().signal)).rejects.toMatchObject({
    code: 'blob_refused',
    hint: expect.stringContaining('copy_to: {prune_url}'),
  });
  await backups.close();
});

test('what could not be copied is missing, is told of, and is caught up; a damaged copy is found and put again', async () => {
  s3 = await startStrictS3();
  const made = await rigWith(`    copy_to: "${s3.url}"\n`, undefined, null);
  await made.good();
  const before = new Set(s3.objects().keys());
  s3.faults = { answer: { status: 403, code: 'AccessDenied', times: 1_000, only: /^PUT / } };
  await made.write('uploads/menu.txt', 'salad');
  const { id, error, copyError } = await made.now();
  expect(error).toBeNull();
  expect(copyError).toMatchObject({ code: 'blob_refused' });
  s3.faults = {};
  const backups = made.backups();
  const config = backups.config('nightly');
  const state = await backups.copies.state(config, await backups.list(config));
  expect(state).toMatchObject({ missing: [id] });
  const later = Date.now() + 3 * 3_600_000;
  expect(copyProblems(config, { ...state, lagSeconds: 10_800 } as typeof state, later)).toMatchObject([
    { code: 'copy_missing' },
  ]);
  expect(await copyAndCheck(backups, config, hooks())).toMatchObject({ copied: [id], repaired: [] });
  expect(await problemCodes(backups)).not.toContain('copy_missing');

  const there = backups.at('second');
  const isOurs = ([key]: [string, Buffer]) => key.includes('/chunks/') && !before.has(key);
  const [key, body] = [...s3.objects()].find(isOurs) as [string, Buffer];
  s3.replace(key, flip(-1)(body));
  expect(await there.verify(id, 1, hooks())).toMatchObject({ ok: false });
  expect(await problemCodes(made.backups())).toContain('copy_verification_failed');
  expect(await copyAndCheck(backups, config, hooks())).toMatchObject({ repaired: [id], verified: [{ ok: true }] });
  expect(await problemCodes(made.backups())).not.toContain('copy_verification_failed');
  s3.faults = { answer: { status: 403, code: 'AccessDenied', times: 1_000 } };
  expect(await problemCodes(made.backups())).toContain('copy_unreadable');
  await backups.close();
});

test('a prune leaves the objects of a copy that failed and is tried again', async () => {
  const made = await rigWith('    copy_to: "file:./second"\n', undefined, null);
  const id = await made.good();
  const backups = made.backups();
  const config = backups.config('nightly');
  const there = await backups.at('second').repository(config);
  await there.store.delete(`nightly/manifests/${id}.json`);
  // The objects are older than what may still be of a run.
  const now = Date.now() + 72 * 3_600_000;
  const at = (ms: number) => new Date(now - ms).toISOString();
  const run = { id, name: 'nightly', tier: 'logical' };
  const failed = { ...run, started: at(7_200_000), finished: at(3_600_000), error: { code: 'x', message: 'away' } };
  await there.writeRecord(`nightly/failed/${id}.json`, failed);
  await there.writeRecord(`nightly/running/${id}.json`, { ...run, started: at(120_000), seen: at(30_000) });
  const { retention, timeZone, pitrWindowMs } = config;
  const swept = (moment: number) =>
    prune(there, { retention, timeZone, pitrWindowMs, now: moment, signal: hooks().signal });
  expect(await swept(now)).toMatchObject({ freed: 0 });
  // What was interrupted is rubbish again.
  expect((await swept(now + 3_600_000)).freed).toBeGreaterThan(0);
  await backups.close();
});

test('a copy that the first lost is put back whole', async () => {
  const made = await rigWith('    copy_to: "file:./second"\n', undefined, null);
  const id = await made.good();
  const [chunk = ''] = await made.stored('/chunks/');
  await damage(chunk, flip(-1));
  expect(await made.verify(id, 1)).toMatchObject({ ok: false });
  const backups = made.backups();
  const config = backups.config('nightly');
  expect(await copyAndCheck(backups.at('second'), config, hooks())).toMatchObject({ repaired: [id] });
  expect(await made.verify(id, 1)).toMatchObject({ ok: true });
});

test('a copy is repaired without what is good there being replaced', async () => {
  const made = await rigWith('    copy_to: "file:./second"\n', undefined, null);
  await made.write('uploads/other.txt', 'bread');
  const id = await made.good();
  const [one = '', two = ''] = await made.stored('/chunks/');
  // Nobody has read the first since.
  await damage(one, flip(-1));
  await damage(two.replace('/blobs/', '/second/'), flip(-1));
  const backups = made.backups();
  expect(await backups.at('second').verify(id, 1, hooks())).toMatchObject({ ok: false });
  const outcome = await copyAndCheck(backups, backups.config('nightly'), hooks());
  expect(outcome).toMatchObject({ repaired: [id], verified: [{ ok: true }] });
  await backups.close();
});

test('a piece of log that was cut at the first is whole at the second; the position follows', async () => {
  const made = await rigWith('    copy_to: "file:./second"\n', undefined, null);
  const backups = made.backups();
  const config = backups.config('nightly');
  const [from, to] = [await backups.repository(config), await backups.at('second').repository(config)];
  const piece = 'nightly/wal/7/00000001/0000000000000000-0000000001000000';
  const position = 'nightly/wal/7/position';
  for (const path of [piece, position]) await from.store.put(path, Buffer.from('whole'));
  await copyRest(from, to, hooks().signal);
  for (const path of [piece, position]) await from.store.put(path, Buffer.from('who'));
  await copyRest(from, to, hooks().signal);
  expect(String(await readBlob(to.store, piece))).toBe('whole');
  expect(String(await readBlob(to.store, position))).toBe('who');
  await backups.close();
});

test.each([
  ['prune_url', '    copy_to: "file:./second"\n    prune_url: "file:./second"\n'],
  ['copy_to: {prune_url}', '    copy_to: {url: "file:./second", prune_url: "file:./blobs"}\n'],
])('a %s that leads to another store is refused', async (option, yaml) => {
  const made = await rigWith(yaml, undefined, null);
  await made.good();
  const backups = made.backups();
  await expect(backups.prune(backups.config('nightly'), hooks().signal)).rejects.toMatchObject({
    code: 'prune_elsewhere',
    message: expect.stringMatching(`^${option} of "nightly" is file:.*(blobs|second).*file:.*(blobs|second)\\.$`),
  });
  await backups.close();
});

test('a drill of YumOps itself reads the destination that it is told to', async () => {
  const made = await rigWith('    copy_to: {url: "file:./second", name: offsite}\n', undefined, null);
  const backups = made.backups();
  const { findings } = await backups.at('offsite').drillSelf(undefined, hooks());
  expect(findings).toMatchObject([{ code: 'self_backup_missing', message: expect.stringMatching(/second\.$/) }]);
  await backups.close();
});

test('a second destination that is the first is refused, and an unknown name says which there are', async () => {
  const made = await rigWith('    copy_to: "file:./blobs"\n', undefined, null);
  const outcome = await made.now();
  expect(outcome.copyError).toMatchObject({ code: 'copy_not_apart' });
  const backups = made.backups();
  await expect(backups.at('secnd').list(backups.config('nightly'))).rejects.toMatchObject({
    code: 'wrong_use',
    message: '"nightly" has no destination "secnd".',
    hint: expect.stringContaining('second'),
  });
  expect(await readdir(made.folder)).not.toContain('second');
});
