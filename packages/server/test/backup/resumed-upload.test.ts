import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readBlob } from '../../src/lib/blob.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';

const MB = 1024 * 1024;
const LONG = { timeout: 30_000, interval: 20 };
let s3: StrictS3;
let folder: string;

beforeEach(async () => {
  s3 = await startStrictS3();
  folder = await mkdtemp(join(tmpdir(), 'yumops-resumed-'));
});
afterEach(async () => {
  await s3?.stop();
  await rm(folder, { recursive: true, force: true });
});

function upload(): ChildProcess {
  const child = fileURLToPath(new URL('resume-child.mjs', import.meta.url));
  return spawn(process.execPath, [child], { env: { PATH: process.env.PATH, STORE: s3.url }, stdio: 'inherit' });
}

/** Numbers of the parts that were sent from a request on. */
const sent = (from: number) =>
  s3.requests.slice(from).flatMap((request) => /^PUT .*partNumber=(\d+)/.exec(request)?.[1] ?? []);

test('an upload goes on behind the last part that a killed process had sent', async () => {
  s3.faults = { hold: { only: /^PUT .*partNumber=4/, until: new Promise(() => undefined) } };
  const killed = upload();
  const exit = once(killed, 'exit');
  await vi.waitFor(() => expect(sent(0)).toEqual(['1', '2', '3', '4']), LONG);
  killed.kill('SIGKILL');
  await exit;
  s3.faults = {};
  expect(s3.pendingUploads()).toBe(1);
  const from = s3.requests.length;
  const [code] = await once(upload(), 'exit');
  expect(code).toBe(0);
  expect(sent(from)).not.toContain('1');
  expect(sent(from)).not.toContain('3');
  expect(sent(from)).toContain('5');
  expect(s3.pendingUploads()).toBe(0);
  const store = await openBlobStore(s3.url, '/');
  const body = Buffer.concat(Array.from({ length: 36 }, (_, n) => Buffer.alloc(MB, `piece ${n} `)));
  expect((await readBlob(store, 'copy/base.tar')).equals(body)).toBe(true);
  store.close();
});

async function* pieces(...of: (Buffer | Error)[]): AsyncIterable<Buffer> {
  for (const one of of) {
    if (one instanceof Error) throw one;
    yield one;
  }
}

test('a part that the network loses is sent again for longer than the client tries by itself, and no other part is', async () => {
  const store = await openBlobStore(s3.url, '/');
  const lose = { only: /^PUT .*partNumber=2/, times: 7 };
  s3.faults = { lose };
  const body = Array.from({ length: 12 }, (_, n) => Buffer.alloc(MB, `piece ${n} `));
  await store.put('long/dump', pieces(...body));
  expect(lose.times).toBe(0);
  expect(sent(0)).toEqual(['1', ...Array<string>(8).fill('2'), '3']);
  expect((await readBlob(store, 'long/dump')).equals(Buffer.concat(body))).toBe(true);
  expect(s3.pendingUploads()).toBe(0);
  store.close();
});

test('what was stored while its answer was lost is ours, and what is another is still refused', async () => {
  const store = await openBlobStore(s3.url, '/');
  const [small, large] = [Buffer.from('a manifest'), Buffer.alloc(6 * MB, 3)];
  for (const [path, body, only] of [
    ['small', small, /^PUT .*small/],
    ['large', pieces(large), /^POST .*large.*uploadId=/],
  ] as const) {
    const loseAnswers = { only, times: 1 };
    s3.faults = { loseAnswers };
    expect(await store.put(path, body, { ifAbsent: true })).toMatchObject({ path });
    expect(loseAnswers.times).toBe(0);
  }
  expect((await readBlob(store, 'small')).equals(small)).toBe(true);
  expect((await readBlob(store, 'large')).equals(large)).toBe(true);
  for (const faults of [{}, { lose: { only: /^PUT .*small/, times: 1 } }]) {
    s3.faults = faults;
    await expect(store.put('small', Buffer.from('another'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'blob_exists',
    });
  }
  await expect(store.put('small', small, { ifAbsent: true })).rejects.toMatchObject({ code: 'blob_exists' });
  store.close();
});

test('an object that must not be lost is sent again for longer than the client tries by itself', async () => {
  const store = await openBlobStore(s3.url, '/');
  const lose = { only: /^PUT .*manifest/, times: 7 };
  s3.faults = { lose };
  await store.put('manifest', Buffer.from('all of it'), { ifAbsent: true, patient: true });
  expect(lose.times).toBe(0);
  store.close();
});

test('parts of other bytes are sent again, and an upload whose source fails is taken back', async () => {
  const store = await openBlobStore(s3.url, '/');
  const ended = new AbortController();
  const stopped = store.put('x', pieces(Buffer.alloc(6 * MB, 1), new Error('stop')), { resume: true });
  await expect(stopped).rejects.toThrow('stop');
  expect(s3.pendingUploads()).toBe(0);
  async function* until(): AsyncIterable<Buffer> {
    yield Buffer.alloc(6 * MB, 1);
    ended.abort();
    yield Buffer.alloc(6 * MB, 1);
  }
  await expect(store.put('x', until(), { resume: true, signal: ended.signal })).rejects.toThrow();
  expect(s3.pendingUploads()).toBe(1);
  const from = s3.requests.length;
  await store.put('x', pieces(Buffer.alloc(12 * MB, 2)), { resume: true });
  expect(sent(from)).toEqual(['1', '2', '3']);
  expect((await readBlob(store, 'x')).equals(Buffer.alloc(12 * MB, 2))).toBe(true);
  expect(s3.pendingUploads()).toBe(0);
  store.close();
});

test('what killed processes left is swept after its time, in a bucket and in a folder', async () => {
  const bucket = await openBlobStore(s3.url, '/');
  const ended = new AbortController();
  async function* until(): AsyncIterable<Buffer> {
    yield Buffer.alloc(6 * MB, 1);
    ended.abort();
    yield Buffer.alloc(6 * MB, 1);
  }
  await expect(bucket.put('nightly/x', until(), { resume: true, signal: ended.signal })).rejects.toThrow();
  await bucket.sweepUnfinished('nightly/', Date.now() - 60_000);
  expect(s3.pendingUploads()).toBe(1);
  await bucket.sweepUnfinished('nightly/', Date.now() + 60_000);
  expect(s3.pendingUploads()).toBe(0);
  const directory = await openBlobStore(`file:${folder}`, '/');
  await directory.sweepUnfinished('nightly/', Date.now());
  await directory.put('nightly/chunks/a', Buffer.from('a'));
  for (const name of ['.~old', '.~young']) await writeFile(join(folder, 'nightly/chunks', name), 'rest');
  await utimes(join(folder, 'nightly/chunks/.~old'), 1, 1);
  await directory.sweepUnfinished('nightly/', Date.now() - 60_000);
  expect((await readdir(join(folder, 'nightly/chunks'))).sort()).toEqual(['.~young', 'a']);
  bucket.close();
});
