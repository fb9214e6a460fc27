import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { whilePruning, whileReading } from '../../src/care/backup/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';
import { type BackupRig, hooks, makeRig } from './rig.ts';

const COMMAND = fileURLToPath(new URL('../../bin/yumops.js', import.meta.url));
const RETENTION = '    files: [./uploads]\n    retention: {daily: 1, weekly: 1, monthly: 1}\n';
const LONG = { timeout: 30_000, interval: 20 };
let rig: BackupRig;
let s3: StrictS3;

beforeEach(async () => {
  s3 = await startStrictS3();
  rig = await makeRig(null, RETENTION, s3.url);
  await rig.write('uploads/menu.txt', 'soup');
});
afterEach(async () => {
  await rig?.remove();
  await s3?.stop();
});

/** Runs a command in a process of its own. */
function yumops(...args: string[]): Promise<{ code: number; output: string }> {
  const all = [COMMAND, 'backup', ...args, '--json', '--config', rig.folder, '--data', join(rig.folder, 'data')];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env: { PATH: process.env.PATH } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}

/** Holds the answers to such requests until it is called. */
function holdAnswers(only: RegExp): () => void {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  s3.faults = { hold: { only, until } };
  return () => {
    s3.faults = {};
    release();
  };
}

const seen = (pattern: RegExp) => s3.requests.filter((request) => pattern.test(request)).length;

test('a backup that begins while another process prunes waits for its end, and is good', async () => {
  const first = await rig.good();
  const second = await rig.good();
  const release = holdAnswers(/^DELETE .*\/manifests\//);
  const pruning = yumops('prune', 'nightly');
  await vi.waitFor(() => expect(seen(/^DELETE .*\/manifests\//)).toBe(1), LONG);
  const from = s3.requests.length;
  const running = yumops('now', 'nightly');
  const later = (pattern: RegExp) => s3.requests.slice(from).filter((request) => pattern.test(request));
  await vi.waitFor(() => expect(later(/^GET .*prefix=[^&]*uses%2Fprune/).length).toBeGreaterThan(2), LONG);
  expect(later(/^PUT .*\/(objects|chunks)\//)).toEqual([]);
  expect(later(/^GET .*prefix=[^&]*chunks/)).toEqual([]);
  release();
  expect(JSON.parse((await pruning).output)).toMatchObject({ delete: [{ id: first }] });
  const { id, status } = JSON.parse((await running).output);
  expect(status).toBe('good');
  expect(await rig.verify(id, 1)).toMatchObject({ ok: true });
  expect(await rig.verify(second, 1)).toMatchObject({ ok: true });
  expect([...s3.objects().keys()].filter((key) => /\/(uses|running)\//.test(key))).toEqual([]);
});

test('a prune while another process verifies deletes nothing and says who reads', async () => {
  const first = await rig.good();
  const read = await rig.good();
  await rig.good();
  const release = holdAnswers(new RegExp(`^GET .*/objects/${read}/`));
  const verifying = yumops('verify', read, '--level', '1');
  await vi.waitFor(() => expect(seen(new RegExp(`^GET .*/objects/${read}/`))).toBeGreaterThan(0), LONG);
  const before = s3.deletions();
  const { code, output } = await yumops('prune', 'nightly');
  expect([code, JSON.parse(output)]).toMatchObject([1, { error: { code: 'backup_in_use' } }]);
  expect(output).toContain(`A verification of ${read} reads the backups of \\"nightly\\"`);
  // Its own mark alone.
  expect(s3.deletions() - before).toBe(1);
  release();
  expect(JSON.parse((await verifying).output)).toMatchObject({ ok: true });
  expect(JSON.parse((await yumops('prune', 'nightly')).output)).toMatchObject({ delete: [{ id: first }] });
});

test('readers go on beside each other, a second prune is refused, and a prune that was cut off stops by itself', async () => {
  const backups = rig.backups();
  const repository = await backups.repository(backups.config('nightly'));
  const read = { use: 'restore', id: 'x', signal: hooks().signal } as const;
  const nested = await whileReading(repository, systemClock, read, () =>
    whileReading(repository, systemClock, { ...read, use: 'copy' }, async () => 'both'),
  );
  expect(nested).toBe('both');
  let now = 0;
  const clock = { ...systemClock, now: () => systemClock.now(), monotonic: () => now };
  await whilePruning(repository, clock, async (check) => {
    await expect(whilePruning(repository, systemClock, async () => undefined)).rejects.toMatchObject({
      code: 'backup_in_use',
      message: expect.stringMatching(/^Another prune works on/),
    });
    check();
    now = 46_000;
    expect(check).toThrow(expect.objectContaining({ code: 'prune_interrupted' }));
  });
  await backups.close();
});

test('what was killed is taken for dead after its time, and is swept', async () => {
  const backups = rig.backups();
  const repository = await backups.repository(backups.config('nightly'));
  const since = new Date().toISOString();
  for (const use of ['restore', 'prune'] as const)
    await repository.writeRecord(`nightly/uses/${use}-abc.json`, { use, id: null, since, seen: since, ended: false });
  let now = 0;
  // Every pause is as long as the mark of a prune lasts.
  const sleep = async (_: number, signal?: AbortSignal) => {
    if (signal?.aborted) throw signal.reason;
    now += 60_000;
    await new Promise((resolve) => setImmediate(resolve));
  };
  const clock = { ...systemClock, now: () => systemClock.now(), monotonic: () => now, sleep };
  expect(await whileReading(repository, clock, { use: 'drill', id: null }, async () => now)).toBeGreaterThanOrEqual(
    120_000,
  );
  await backups.close();
});

test('a store that takes no mark is read all the same', async () => {
  const id = await rig.good();
  s3.faults = { answer: { status: 403, code: 'AccessDenied', times: 1_000, only: /^PUT .*\/uses\// } };
  const folder = join(rig.folder, 'back');
  const read = { path: undefined, folder, yes: false };
  expect(await rig.backups().restoreFiles(id, read, hooks())).toMatchObject({ files: 1 });
  await rm(folder, { recursive: true });
});
