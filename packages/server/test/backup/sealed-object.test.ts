import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BackupKey, BackupKeys, readBackupKeys } from '../../src/care/backup/key.ts';
import { newBackupId, readManifest, writeManifest } from '../../src/care/backup/manifest.ts';
import { FRAME_BYTES, HEADER_BYTES } from '../../src/care/backup/object/format.ts';
import { open } from '../../src/care/backup/object/open.ts';
import { seal } from '../../src/care/backup/object/seal.ts';
import { Repository } from '../../src/care/backup/repository.ts';
import { readBlob } from '../../src/lib/blob.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';

const folder = await mkdtemp(join(tmpdir(), 'yumops-sealed-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const key = BackupKey.create();
const keys = new BackupKeys([key]);

async function* pieces(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

const sealed = (plain: Uint8Array, path = 'a/b') => all(seal(pieces(plain), path, key).stream);
const opened = (bytes: Uint8Array, path = 'a/b') => all(open(pieces(bytes), path, keys));

describe('a sealed object', () => {
  test.each([0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])(
    'of %i bytes opens to what it was',
    async (size) => {
      const plain = Buffer.alloc(size, 'restaurants');
      const bytes = await sealed(plain);
      expect((await opened(bytes)).equals(plain)).toBe(true);
      expect(bytes.includes('restaurants')).toBe(false);
    },
  );

  test('opens whatever the pieces were, before and after', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 60, max: 70_000 }), async (lengths, cut) => {
        const parts = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        const sealing = seal(pieces(...parts), 'p', key);
        const bytes = await all(sealing.stream);
        const slices = Array.from({ length: Math.ceil(bytes.length / cut) }, (_, index) =>
          bytes.subarray(index * cut, (index + 1) * cut),
        );
        const plain = await all(open(pieces(...slices), 'p', keys));
        expect(plain.equals(Buffer.concat(parts))).toBe(true);
        expect(sealing.sums()).toMatchObject({ bytes: bytes.length, plainBytes: plain.length, keyId: key.id });
      }),
      { numRuns: 40 },
    );
  });

  test('never opens when one bit is different, a byte is missing or something follows', async () => {
    const plain = Buffer.alloc(FRAME_BYTES + 1_000, 7);
    const bytes = await sealed(plain);
    const damage = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), at: fc.integer({ min: 0, max: bytes.length * 8 - 1 }) }),
      fc.record({ kind: fc.constant('cut' as const), at: fc.integer({ min: 0, max: bytes.length - 1 }) }),
      fc.record({ kind: fc.constant('add' as const), at: fc.integer({ min: 1, max: 300_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ({ kind, at }) => {
        let bad: Buffer = Buffer.from(bytes);
        if (kind === 'flip') bad[at >> 3] = (bad[at >> 3] as number) ^ (1 << (at & 7));
        if (kind === 'cut') bad = bad.subarray(0, at);
        if (kind === 'add') bad = Buffer.concat([bad, Buffer.alloc(at)]);
        const code = await opened(bad).then(
          () => 'opened',
          (error: { code: string }) => error.code,
        );
        // A flip in the key's fingerprint reads as another key.
        expect(['backup_damaged', 'backup_key_wrong']).toContain(code);
      }),
      { numRuns: 150 },
    );
  });

  test('does not open where frames were dropped, repeated or swapped', async () => {
    const bytes = await sealed(Buffer.alloc(3 * FRAME_BYTES, 5));
    const size = 4 + FRAME_BYTES + 16;
    const header = bytes.subarray(0, HEADER_BYTES);
    const frames = [0, 1, 2].map((n) => bytes.subarray(HEADER_BYTES + n * size, HEADER_BYTES + (n + 1) * size));
    const orders = [[0, 2], [0, 0, 2], [1, 0, 2], [2], [0, 1], [0, 1, 2, 2]];
    for (const order of orders) {
      const bad = Buffer.concat([header, ...order.map((n) => frames[n] as Buffer)]);
      await expect(opened(bad)).rejects.toMatchObject({ code: 'backup_damaged' });
    }
    expect((await opened(Buffer.concat([header, ...frames]))).length).toBe(3 * FRAME_BYTES);
  });

  test('does not open at the place of another', async () => {
    await expect(opened(await sealed(Buffer.from('x'), 'one'), 'two')).rejects.toThrow('belongs at another place');
  });

  test('gives no byte that was not authenticated', async () => {
    const bytes = await sealed(Buffer.alloc(2 * FRAME_BYTES, 5));
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
    const got: number[] = [];
    const reading = (async () => {
      for await (const piece of open(pieces(bytes), 'a/b', keys)) got.push(piece.length);
    })();
    await expect(reading).rejects.toThrow('a/b is damaged: frame 1 was altered.');
    expect(got).toEqual([FRAME_BYTES]);
  });

  test('says which key is needed', async () => {
    const other = new BackupKeys([BackupKey.create()]);
    const opening = all(open(pieces(await sealed(Buffer.from('x'))), 'a/b', other));
    await expect(opening).rejects.toMatchObject({
      code: 'backup_key_wrong',
      message: `a/b is sealed with the key ${key.id}; the key file has ${other.current.id}.`,
    });
  });

  test('of an older key opens while that key stays in the file', async () => {
    const rotated = readBackupKeys(`# new\n${BackupKey.create().toLine()}\n${key.toLine()}\n`);
    expect(rotated.current.id).not.toBe(key.id);
    expect((await all(open(pieces(await sealed(Buffer.from('x'))), 'a/b', rotated))).toString()).toBe('x');
  });
});

const line = key.toLine();
const UNUSABLE: [string, string][] = [
  ['is empty', ''],
  ['has comments alone', '# nothing'],
  ['is something else', 'secret'],
  ['lacks its last letter', line.slice(0, -1)],
  ['has a wrong letter', line.replace(/.$/, (letter) => (letter === 'A' ? 'E' : 'A'))],
];

describe('a key file', () => {
  test.each(UNUSABLE)('that %s is refused', (_why, text) => {
    expect(() => readBackupKeys(text)).toThrow('The backup key cannot be used');
  });
});

describe('a manifest', () => {
  const manifest = {
    tier: 'logical' as const,
    parent: null,
    started: '2026-01-05T03:00:00.000Z',
    finished: '2026-01-05T03:00:10.000Z',
    madeBy: '0.1.0',
    client: null,
    source: null,
    wal: null,
    objects: [],
    bytes: 5,
    warnings: [],
    lockedUntil: null,
  };

  async function repositoryIn(name: string): Promise<Repository> {
    return new Repository(await openBlobStore(`file:${folder}/${name}`, '/'), 'Nightly backup', keys);
  }

  test('is read as it was written', async () => {
    const repository = await repositoryIn('m1');
    const id = newBackupId(repository, Date.UTC(2026, 0, 5, 3));
    expect(id).toMatch(/^nightly-backup-20260105T030000Z-[0-9a-f]{6}$/);
    const written = await writeManifest(repository, { id, ...manifest });
    expect(await readManifest(repository, id)).toEqual(written);
    expect(written).toMatchObject({ name: 'Nightly backup', keyId: key.id });
    await expect(writeManifest(repository, { id, ...manifest })).rejects.toMatchObject({ code: 'blob_exists' });
  });

  test('that was altered anywhere, or moved, is refused', async () => {
    const repository = await repositoryIn('m2');
    await writeManifest(repository, { id: 'one', ...manifest });
    const path = 'nightly-backup/manifests/one.json';
    const bytes = await readBlob(repository.store, path);
    await repository.store.put('nightly-backup/manifests/two.json', bytes);
    await expect(readManifest(repository, 'two')).rejects.toMatchObject({ code: 'backup_damaged' });
    for (let at = 0; at < bytes.length; at++) {
      const bad = Buffer.from(bytes);
      bad[at] = (bad[at] as number) ^ 1;
      await repository.store.put(path, bad);
      const code = await readManifest(repository, 'one').catch((error: { code: string }) => error.code);
      expect(['backup_damaged', 'backup_key_wrong'], `byte ${at}`).toContain(code);
    }
  });

  test('of another format says what to do', async () => {
    const repository = await repositoryIn('m3');
    await repository.writeRecord('nightly-backup/manifests/three.json', { id: 'three', format: 'yumops-backup/9' });
    await expect(readManifest(repository, 'three')).rejects.toMatchObject({ code: 'backup_format' });
    await expect(readManifest(repository, 'four')).rejects.toMatchObject({ code: 'backup_unknown' });
  });
});
