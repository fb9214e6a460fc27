import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type BlobStore, readBlob } from '../../src/lib/blob.ts';
import { randomHex } from '../../src/lib/random.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { type StrictS3, startStrictS3 } from '../support/strict-s3.ts';

const MB = 1024 * 1024;
const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** A service by URL from the environment is held to the same contract: http(s)://KEY:SECRET@host/bucket or s3://…. */
const given = process.env.YUMOPS_TEST_S3_URL;

const s3: StrictS3 = await startStrictS3({ pageSize: 3 });
const lockedS3: StrictS3 = await startStrictS3({ locks: true });
const folder = await mkdtemp(join(tmpdir(), 'yumops-blobs-'));
cleanups.push(s3.stop, lockedS3.stop, () => rm(folder, { recursive: true, force: true }));
afterEach(() => {
  s3.faults = {};
});

const STORES: [string, string][] = [
  ['directory', `file:${folder}`],
  ['S3', s3.url],
  ['S3 with locks', lockedS3.url],
  ...(given ? [['S3 of the environment', given] as [string, string]] : []),
];

async function* pieces(...parts: (Uint8Array | Error)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

const paths = async (store: BlobStore, prefix: string) => {
  const found: string[] = [];
  for await (const { path } of store.list(prefix)) found.push(path);
  return found;
};

describe.each(STORES)('a blob store: %s', (_kind, url) => {
  const base = `t${randomHex(6)}`;
  const opened = openBlobStore(url, '/');

  test('gives back what was stored, whole or in part', async () => {
    const store = await opened;
    const info = await store.put(`${base}/a/one`, Buffer.from('hello world'));
    expect(info).toMatchObject({ path: `${base}/a/one`, bytes: 11 });
    expect(Math.abs(info.modified - Date.now())).toBeLessThan(120_000);
    expect((await readBlob(store, `${base}/a/one`)).toString()).toBe('hello world');
    const part = async (range: { start?: number; end?: number }) => {
      const all: Uint8Array[] = [];
      for await (const piece of store.get(`${base}/a/one`, range)) all.push(piece);
      return Buffer.concat(all).toString();
    };
    expect(await part({ start: 6 })).toBe('world');
    expect(await part({ start: 2, end: 5 })).toBe('llo');
    expect(await part({ start: 11 })).toBe('');
    expect(await store.head(`${base}/a/one`)).toMatchObject({ bytes: 11 });
    await store.put(`${base}/a/empty`, pieces());
    expect(await store.head(`${base}/a/empty`)).toMatchObject({ bytes: 0 });
  });

  test('replaces, unless told not to', async () => {
    const store = await opened;
    await store.put(`${base}/b`, Buffer.from('1'));
    await store.put(`${base}/b`, Buffer.from('2'));
    await expect(store.put(`${base}/b`, Buffer.from('3'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'blob_exists',
    });
    expect((await readBlob(store, `${base}/b`)).toString()).toBe('2');
    const both = ['x', 'y'].map((text) => store.put(`${base}/c`, Buffer.from(text), { ifAbsent: true }));
    const results = await Promise.allSettled(both);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('stores a large stream whose pieces do not fit its parts', async () => {
    const store = await opened;
    const piece = Buffer.alloc(3 * MB + 17, 'yumops');
    await store.put(`${base}/large`, pieces(piece, piece, piece, piece), { ifAbsent: true });
    expect((await readBlob(store, `${base}/large`)).equals(Buffer.concat([piece, piece, piece, piece]))).toBe(true);
    await expect(store.put(`${base}/large`, pieces(piece, piece, piece), { ifAbsent: true })).rejects.toMatchObject({
      code: 'blob_exists',
    });
  });

  test('leaves nothing when the source fails, early or late', async () => {
    const store = await opened;
    const part = Buffer.alloc(9 * MB, 1);
    for (const source of [pieces(new Error('boom')), pieces(part, part, new Error('boom'))]) {
      await expect(store.put(`${base}/never`, source)).rejects.toThrow('boom');
      expect(await store.head(`${base}/never`)).toBeUndefined();
    }
    expect(await paths(store, `${base}/never`)).toEqual([]);
  });

  test('lists by prefix, in order, over all pages', async () => {
    const store = await opened;
    const names = ['l/a', 'l/b/c', 'l/b-d', 'l/b0', 'l/e1', 'l/e2', 'm'].map((name) => `${base}/${name}`);
    for (const name of names) await store.put(name, Buffer.from(name));
    expect(await paths(store, `${base}/l/`)).toEqual(names.slice(0, 6).sort());
    expect(await paths(store, `${base}/l/b`)).toEqual(names.slice(1, 4).sort());
    expect(await paths(store, `${base}/none`)).toEqual([]);
  });

  test('deletes, also what is not there', async () => {
    const store = await opened;
    await store.put(`${base}/d`, Buffer.from('1'));
    await store.delete(`${base}/d`);
    await store.delete(`${base}/d`);
    expect(await store.head(`${base}/d`)).toBeUndefined();
    await expect(readBlob(store, `${base}/d`)).rejects.toMatchObject({ code: 'blob_missing' });
  });

  test.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/./b', 'ä', 'a b', 'a\\b'])(
    'refuses the path "%s"',
    async (path) => {
      const store = await opened;
      await expect(store.put(path, Buffer.from('x'))).rejects.toMatchObject({ code: 'blob_path' });
    },
  );

  test('says where it is without its secret', async () => {
    const { address } = await opened;
    expect(address).not.toContain('secret');
  });
});

describe('a directory', () => {
  test('has no half-written file, not even a temporary one, after a failed source', async () => {
    const store = await openBlobStore(`file:${folder}/half`, '/');
    await expect(store.put('x/y', pieces(Buffer.alloc(10), new Error('boom')))).rejects.toThrow('boom');
    expect(await readdir(join(folder, 'half/x'))).toEqual([]);
  });
});

describe('an S3 service', () => {
  test('leaves no unfinished upload behind', async () => {
    const store = await openBlobStore(s3.url, '/');
    const part = Buffer.alloc(9 * MB);
    await expect(store.put('u/1', pieces(part, new Error('boom')))).rejects.toThrow('boom');
    expect(s3.pendingUploads()).toBe(0);
  });

  test('is asked again when it has a passing fault', async () => {
    const store = await openBlobStore(s3.url, '/');
    s3.faults = { answer: { status: 503, code: 'SlowDown', times: 2 } };
    await store.put('f/1', Buffer.from('x'));
    expect((await readBlob(store, 'f/1')).toString()).toBe('x');
  });

  const FAULTS: [number, string, string, string][] = [
    [500, 'InternalError', 'blob_unavailable', 'answered 500 InternalError'],
    [403, 'AccessDenied', 'blob_refused', '403 AccessDenied'],
    [507, 'StorageFull', 'blob_full', 'is full'],
  ];
  test.each(FAULTS)('says what a lasting %i %s means', async (status, code, expected, text) => {
    const store = await openBlobStore(s3.url, '/');
    s3.faults = { answer: { status, code, times: 100 } };
    const putting = store.put('f/2', Buffer.from('x'));
    await expect(putting).rejects.toMatchObject({ code: expected, message: expect.stringContaining(text) });
  });

  test('goes on with a download where it broke', async () => {
    const store = await openBlobStore(s3.url, '/');
    const body = Buffer.alloc(3 * MB, 'abcdefg');
    await store.put('g/1', body);
    s3.faults = { cutDownloads: 3 };
    expect((await readBlob(store, 'g/1')).equals(body)).toBe(true);
    expect(s3.faults.cutDownloads).toBe(0);
  });

  test('that is not there is named', async () => {
    await expect(openBlobStore('http://a:b@127.0.0.1:9/bucket', '/')).rejects.toMatchObject({
      code: 'blob_unavailable',
      message: 's3://bucket/ at 127.0.0.1:9 cannot be reached (ECONNREFUSED).',
    });
  });

  test('with locks keeps what is locked and lets go of the rest', async () => {
    const store = await openBlobStore(lockedS3.url, '/');
    expect(store.locks).toBe(true);
    const until = Date.now() + 60_000;
    await store.put('k/1', Buffer.from('1'), { lockUntil: until });
    await store.put('k/2', pieces(Buffer.alloc(9 * MB)), { lockUntil: until });
    for (const path of ['k/1', 'k/2']) {
      await expect(store.delete(path)).rejects.toMatchObject({ code: 'blob_locked' });
      expect(await store.head(path)).toBeDefined();
    }
    await store.put('k/3', Buffer.from('3'), { lockUntil: Date.now() - 1_000 });
    await store.extendLock('k/3', until);
    await store.extendLock('k/3', until - 30_000);
    await expect(store.delete('k/3')).rejects.toMatchObject({ code: 'blob_locked' });
    // Stored before anybody asked for locks.
    await store.put('k/5', Buffer.from('5'));
    await store.extendLock('k/5', until);
    await expect(store.delete('k/5')).rejects.toMatchObject({ code: 'blob_locked' });
    await store.put('k/4', Buffer.from('4'));
    await store.delete('k/4');
    expect(await store.head('k/4')).toBeUndefined();
  });
});
