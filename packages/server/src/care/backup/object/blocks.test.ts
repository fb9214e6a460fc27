import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compress, decompress } from './blocks.ts';

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
