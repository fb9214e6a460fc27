import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { lend } from '../../../lib/stream-memory.ts';
import { compress, decompress } from './blocks.ts';
import { ByteReader } from './open.ts';

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

const rows = Buffer.from(Array.from({ length: 60_000 }, (_, n) => `${n}\trow ${n * 7919}\n`).join(''));

test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['a byte', Buffer.from('x')],
  ['several blocks', rows],
])('%s comes back as it was', async (_, plain) => {
  const packed = await all(compress(one(plain)));
  expect((await all(decompress(one(packed), 'dump'))).equals(plain)).toBe(true);
  if (plain.length > 1_000) expect(packed.length).toBeLessThan(plain.length / 2);
});

/** Pieces with a memory of their own, which is gone once the next is asked for. */
function lentIn(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  async function* cut(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = Buffer.allocUnsafeSlow(Math.min(size, bytes.length - at));
      bytes.copy(piece, 0, at);
      yield piece;
    }
  }
  return lend(cut());
}

test.each([20_000, 262_144, 300_001])('blocks are read from pieces of %i bytes that are taken back', async (size) => {
  const plain = Buffer.concat([rows, randomBytes(600_000), rows]);
  const packed = await all(compress(lentIn(plain, size)));
  const read: Buffer[] = [];
  for await (const piece of lend(decompress(lentIn(packed, size), 'dump'))) read.push(Buffer.from(piece));
  expect(Buffer.concat(read).equals(plain)).toBe(true);
});

test('what a reader took over the end of a piece is whole when that piece is taken back', async () => {
  const bytes = randomBytes(100_000);
  const reader = new ByteReader(lentIn(bytes, 40_000));
  expect((await reader.take(30_000)).equals(bytes.subarray(0, 30_000))).toBe(true);
  expect((await reader.take(20_000)).equals(bytes.subarray(30_000, 50_000))).toBe(true);
  expect((await reader.takeInto(Buffer.alloc(45_000))).equals(bytes.subarray(50_000, 95_000))).toBe(true);
  expect((await reader.next()).equals(bytes.subarray(95_000))).toBe(true);
  expect(await reader.takeInto(Buffer.alloc(10))).toHaveLength(0);
});

test('blocks of earlier versions, which are deflate, are read', async () => {
  const body = deflateRawSync(rows.subarray(0, 1 << 19));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE(1 << 19, 4);
  const plain = await all(decompress(one(Buffer.concat([head, body])), 'dump'));
  expect(plain.equals(rows.subarray(0, 1 << 19))).toBe(true);
});

test('a block that is altered, cut short or of another kind is damaged', async () => {
  const packed = await all(compress(one(rows)));
  const kind = Buffer.from(packed);
  kind[4] = (kind[4] as number) ^ 0x80;
  const longer = Buffer.from(packed);
  longer.writeUInt32BE(longer.readUInt32BE(4) - 1, 4);
  for (const bad of [kind, longer, packed.subarray(0, -1)]) {
    await expect(all(decompress(one(bad), 'dump'))).rejects.toMatchObject({ code: 'backup_damaged' });
  }
});
