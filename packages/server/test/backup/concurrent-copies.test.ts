import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type BackupManifest, newBackupId, type Repository, writeManifest } from '../../src/care/backup/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startOf } from '../../src/lib/process-identity.ts';
import { currentOwner, type ProcessOwner } from '../../src/lib/process-owner.ts';
import type { Backups } from '../../src/main/backup/backups.ts';
import { copyBackup } from '../../src/main/backup/copy.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';
import { type BackupRig, hooks, makeRig } from './rig.ts';

const MB = 1024 * 1024;
const LONG = { timeout: 30_000, interval: 20 };
let rig: BackupRig;
let s3: StrictS3;
let from: Repository;
let manifest: BackupManifest;
const opened: Backups[] = [];

beforeEach(async () => {
  s3 = await startStrictS3();
  rig = await makeRig(null, `    files: [./uploads]\n    copy_to: "${s3.url}"\n`);
  from = await repositoryAt('first');
  manifest = await backupOf(10 * MB);
});
afterEach(async () => {
  for (const backups of opened.splice(0)) await backups.close();
  await rig?.remove();
  await s3?.stop();
});

/** Each has connections of its own, as a process has. */
async function repositoryAt(place: string): Promise<Repository> {
  const backups = rig.backups();
  opened.push(backups);
  return backups.at(place).repository(backups.config('nightly'));
}

/** A backup of one object that goes up in several parts. */
async function backupOf(bytes: number): Promise<BackupManifest> {
  const id = newBackupId(from, Date.now());
  async function* pieces(): AsyncIterable<Buffer> {
    for (let at = 0; at < bytes; at += MB) yield Buffer.alloc(MB, `piece ${at} `);
  }
  const object = { part: 'base.tar', ...(await from.writeObject(from.objectPath(id, 'base.tar'), pieces())) };
  const at = new Date().toISOString();
  return writeManifest(from, {
    ...{ id, tier: 'logical', parent: null, started: at, finished: at, madeBy: 'test', client: null, source: null },
    ...{ wal: null, objects: [object], bytes: object.bytes, warnings: [], lockedUntil: null },
  });
}

async function copy(again = false): Promise<BackupManifest> {
  const to = await repositoryAt('second');
  const route = { from, to, clock: systemClock, lockMs: null, pitrWindowMs: 0, isReturn: false };
  return copyBackup(route, manifest, hooks(), again);
}

const seen = (pattern: RegExp, since = 0) => s3.requests.slice(since).filter((request) => pattern.test(request)).length;

test.each([
  ['copies', false],
  ['repairs', true],
])('a second process that %s a backup waits for the first, and both end well', async (_, again) => {
  if (again) await copy();
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  s3.faults = { hold: { only: /^PUT .*\/objects\//, until } };
  const since = s3.requests.length;
  const first = copy(again);
  await vi.waitFor(() => expect(seen(/^PUT .*\/objects\//, since)).toBe(1), LONG);
  const before = s3.requests.length;
  const second = copy(again);
  await vi.waitFor(() => expect(seen(/^GET .*prefix=[^&]*uses%2Farrival/, before)).toBeGreaterThan(1), LONG);
  s3.faults = {};
  release();
  expect((await Promise.all([first, second])).map(({ id }) => id)).toEqual([manifest.id, manifest.id]);
  // Once, and not by both.
  expect(seen(/^PUT .*\/manifests\//, since)).toBe(1);
  expect(seen(/^PUT .*partNumber=1\b/, since)).toBe(1);
  expect(s3.pendingUploads()).toBe(0);
  expect([...s3.objects().keys()].filter((key) => /\/(uses|running|failed)\//.test(key))).toEqual([]);
});

test('many at once copy it once', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => copy()));
  expect(all).toHaveLength(4);
  expect(seen(/^PUT .*\/manifests\//)).toBe(1);
  expect(seen(/^PUT .*partNumber=2\b/)).toBe(1);
});

/** A process that lives until it is killed. */
async function killedProcess(): Promise<ProcessOwner> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const owner = { ...currentOwner(), pid: child.pid as number, start: startOf(child.pid as number) ?? '' };
  child.kill('SIGKILL');
  await once(child, 'exit');
  return owner;
}

test('one that was killed on this machine is not waited for, one of another machine is', async () => {
  const to = await repositoryAt('second');
  const since = new Date().toISOString();
  const path = `nightly/uses/arrival-${'0'.repeat(12)}.json`;
  const mark = { use: 'arrival', id: manifest.id, since, seen: since, ended: false };
  await to.writeRecord(path, { ...mark, owner: { ...(await killedProcess()), machine: 'another' } });
  const ended = new AbortController();
  const route = { from, to, clock: systemClock, lockMs: null, pitrWindowMs: 0, isReturn: false };
  const waiting = copyBackup(route, manifest, { progress: () => undefined, signal: ended.signal });
  await vi.waitFor(() => expect(seen(/^GET .*prefix=[^&]*uses%2Farrival/)).toBeGreaterThan(2), LONG);
  ended.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await to.writeRecord(path, { ...mark, owner: await killedProcess() });
  expect(await copy()).toMatchObject({ id: manifest.id });
});

test('one that waits gives way to one that comes later and whose mark sorts first, so that neither waits for the other', async () => {
  const to = await repositoryAt('second');
  const since = new Date().toISOString();
  const owner = { ...currentOwner(), machine: 'another' };
  const mark = { use: 'arrival', id: manifest.id, since, seen: since, ended: false, owner };
  const [first, last] = ['0', 'f'].map((digit) => `nightly/uses/arrival-${digit.repeat(12)}.json`) as [string, string];
  const marks = () => [...s3.objects().keys()].filter((key) => key.includes('/uses/arrival-')).length;
  await to.writeRecord(last, mark);
  const copied = copy();
  await vi.waitFor(() => expect(seen(/^GET .*prefix=[^&]*uses%2Farrival/)).toBeGreaterThan(1), LONG);
  expect(marks()).toBe(2);
  await to.writeRecord(first, mark);
  await vi.waitFor(() => expect(marks()).toBe(2), LONG);
  for (const path of [first, last]) await to.store.delete(path);
  expect(await copied).toMatchObject({ id: manifest.id });
});
