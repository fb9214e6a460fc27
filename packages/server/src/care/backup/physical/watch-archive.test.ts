import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { FileSums } from './server-manifest.ts';
import { tarOf } from './tar-writer.ts';
import { volumeBytesOf } from './volume-cutter.ts';
import { CUT } from './volumes.ts';
import { watchArchive } from './watch-archive.ts';

const folder = await mkdtemp(join(tmpdir(), 'yumops-test-volumes-'));
afterAll(() => rm(folder, { recursive: true }));

test.each([
  [0, 128],
  [1, 128],
  [32 * 2 ** 30, 128],
  [32 * 2 ** 30 + 1, 256],
  [100 * 2 ** 30, 512],
  [9_000 * 2 ** 30, 1024],
])('volumes of an archive of %d bytes have %d MiB', (expected, mebibytes) => {
  expect(volumeBytesOf(expected)).toBe(mebibytes * 2 ** 20);
});

/** Content that a generator makes again. */
const bytesOf = (seed: string, size: number) =>
  Buffer.concat(
    Array.from({ length: Math.ceil(size / 32) }, (_, n) => createHash('sha256').update(`${seed}/${n}`).digest()),
  ).subarray(0, size);

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function volumesOf(archive: Buffer, chunk: number, volumeBytes: number): Promise<Buffer[]> {
  const volumes: Buffer[][] = [[]];
  const watch = { sums: new FileSums(), progress: () => undefined, volumeBytes };
  for await (const piece of watchArchive(inChunks(archive, chunk), watch)) {
    if (piece === CUT) volumes.push([]);
    else volumes.at(-1)?.push(Buffer.from(piece));
  }
  return volumes.map((pieces) => Buffer.concat(pieces)).filter(({ length }) => length > 0);
}

async function archiveOf(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of tarOf(folder)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

test('volumes are the archive, however it arrives, and what follows a file that grew stays the same', async () => {
  await mkdir(join(folder, 'base'));
  await mkdir(join(folder, 'global'));
  for (const file of ['backup_label', 'global/pg_control']) await writeFile(join(folder, file), 'first or last');
  const sizes = [0, 5, 40_000, 700, 130_000, 0, 3_000, 65_536, 9_000, 20_000, 33_000, 120_000];
  for (const [n, size] of sizes.entries()) {
    await writeFile(join(folder, 'base', String(100 + n)), bytesOf(String(n), size));
  }
  const archive = await archiveOf();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70_000 }),
      fc.constantFrom(4096, 16_384, 32_768),
      async (chunk, volume) => {
        const volumes = await volumesOf(archive, Math.max(chunk, 97), volume);
        expect(Buffer.concat(volumes).equals(archive)).toBe(true);
        expect(volumes.length).toBeGreaterThan(2);
        expect(Math.max(...volumes.map(({ length }) => length))).toBeLessThanOrEqual(1.5 * volume + 1024);
        expect(Math.min(...volumes.slice(0, -1).map(({ length }) => length))).toBeGreaterThanOrEqual(volume / 2);
      },
    ),
    { numRuns: 25 },
  );
  const before = await volumesOf(archive, 8_192, 16_384);
  await appendFile(join(folder, 'base', '101'), bytesOf('grown', 4_000));
  const after = await volumesOf(await archiveOf(), 8_192, 16_384);
  const same = after.filter((volume) => before.some((known) => known.equals(volume)));
  expect(same.length).toBeGreaterThanOrEqual(after.length - 3);
});
