import { promisify } from 'node:util';
import {
  type BrotliOptions,
  brotliCompress,
  brotliDecompress,
  constants,
  inflateRaw,
  type ZlibOptions,
} from 'node:zlib';
import { Slots } from '../../../lib/slots.ts';
import { passedOn } from '../../../lib/stream-memory.ts';
import { damaged } from './format.ts';
import { ByteReader } from './open.ts';

/**
 * Compression in blocks that know nothing of each other, so that several are at work at once:
 *
 *     block   length of what follows 4 · length of its plaintext 4 (highest bit: Brotli) · Brotli (RFC 7932)
 *
 * Without the bit a block is raw deflate (RFC 1951), as earlier versions wrote them.
 */
const HEAD = 8;
const BLOCK = 1 << 19;
/**
 * Blocks at work at once in this process, whatever the number of streams. Each holds its plaintext and its result; of the four
 * threads there are one stays free for the store.
 */
const PARALLEL = 3;
const atWork = new Slots(PARALLEL);
/** Streams that share them, so that several hold little more in memory than one. */
let streams = 0;
const BROTLI = 0x8000_0000;
/**
 * On rows of a database quality 1 compresses in a third of the time of deflate's level 1, unpacks in three quarters of it, and
 * stores 5 % less; the small window costs 1 % of that and saves a fifth of the time.
 */
const QUALITY = 1;
const WINDOW_BITS = 16;

const pack = promisify<Buffer, BrotliOptions, Buffer>(brotliCompress);
const unpack = promisify<Buffer, BrotliOptions, Buffer>(brotliDecompress);
const inflate = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);

const PARAMS = {
  [constants.BROTLI_PARAM_QUALITY]: QUALITY,
  [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
  [constants.BROTLI_PARAM_SIZE_HINT]: BLOCK,
};

/** Compresses a stream. Memory stays bounded. */
export async function* compress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // What a block was read into is used again as soon as it is compressed: the collector is not fast enough for that.
  const free: Buffer[] = [];
  yield* ordered(cut(source, free), async (plain) => {
    // Room for most results: by default they would be put together from pieces of 16 KB.
    const body = await pack(plain, { params: PARAMS, chunkSize: BLOCK / 2 });
    free.push(plain);
    const head = Buffer.alloc(HEAD);
    head.writeUInt32BE(body.length, 0);
    head.writeUInt32BE(BROTLI + plain.length, 4);
    return [head, body];
  });
}

/** Reverses `compress`. @throws YumOpsError `backup_damaged` naming `what` */
export async function* decompress(source: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
  const free: Buffer[] = [];
  yield* ordered(readBlocks(source, what, free), async ({ room, length, plainLength, isBrotli }) => {
    try {
      const maxOutputLength = Math.max(64, plainLength);
      // With a byte to spare: what is full to its end makes zlib get as much room once more.
      const options = { maxOutputLength, chunkSize: maxOutputLength + 1 };
      const plain = await (isBrotli ? unpack : inflate)(room.subarray(0, length), options);
      free.push(room);
      passedOn(plain.length);
      if (plain.length === plainLength) return [plain];
    } catch {
      // Said below.
    }
    throw damaged(what, 'a block of it does not unpack');
  });
}

/** What `compress` and `decompress` are called in a manifest. */
export const PACKED = 'blocks' as const;

async function* ordered<In>(source: AsyncIterable<In>, work: (item: In) => Promise<Buffer[]>): AsyncGenerator<Buffer> {
  const queue: Promise<Buffer[]>[] = [];
  streams++;
  try {
    for await (const item of source) {
      const result = atWork.use(() => work(item));
      // It is awaited in its turn; until then a failure must not count as unhandled.
      result.catch(() => undefined);
      queue.push(result);
      while (queue.length >= Math.max(1, Math.floor(PARALLEL / streams))) yield* (await queue.shift()) ?? [];
    }
    for (;;) {
      const next = queue.shift();
      if (!next) return;
      yield* await next;
    }
  } finally {
    streams--;
    await Promise.allSettled(queue);
  }
}

/** Cuts a stream into full blocks and a last one. @param free blocks that may be written over */
async function* cut(source: AsyncIterable<Uint8Array>, free: Buffer[]): AsyncGenerator<Buffer> {
  let block: Buffer | undefined;
  let held = 0;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; ) {
      block ??= free.pop() ?? Buffer.allocUnsafeSlow(BLOCK);
      const piece = bytes.subarray(at, at + BLOCK - held);
      block.set(piece, held);
      held += piece.length;
      at += piece.length;
      if (held < BLOCK) continue;
      yield block;
      block = undefined;
      held = 0;
    }
  }
  if (block && held > 0) yield block.subarray(0, held);
}

/** What the head of a block says; of one that is cut short, nothing. */
function readHead(head: Buffer): { length: number; plainLength: number; isBrotli: boolean } {
  if (head.length < HEAD) return { length: 0, plainLength: 0, isBrotli: false };
  const word = head.readUInt32BE(4);
  const isBrotli = word >= BROTLI;
  return { length: head.readUInt32BE(0), plainLength: isBrotli ? word - BROTLI : word, isBrotli };
}

/** @param free rooms for blocks that may be written over */
async function* readBlocks(
  source: AsyncIterable<Buffer>,
  what: string,
  free: Buffer[],
): AsyncGenerator<{ room: Buffer; length: number; plainLength: number; isBrotli: boolean }> {
  const reader = new ByteReader(source);
  try {
    for (;;) {
      const head = await reader.take(HEAD);
      if (head.length === 0) return;
      const isWhole = head.length === HEAD;
      const { length, plainLength, isBrotli } = readHead(head);
      if (plainLength > BLOCK || length > 2 * BLOCK) throw damaged(what, 'a block of it has an impossible length');
      const room = roomFor(length, free);
      const body = await reader.takeInto(room.subarray(0, length));
      if (!isWhole || body.length < length) throw damaged(what, 'it ends in the middle of a block');
      yield { room, length, plainLength, isBrotli };
    }
  } finally {
    await reader.close();
  }
}

/** One of the free rooms, or a new one that most blocks fit into. */
function roomFor(length: number, free: Buffer[]): Buffer {
  const room = free.pop();
  return room && room.length >= length ? room : Buffer.allocUnsafeSlow(Math.max(length, BLOCK / 2));
}
