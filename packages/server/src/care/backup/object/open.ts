import { passedOn } from '../../../lib/stream-memory.ts';
import type { BackupKeys } from '../key.ts';
import {
  damaged,
  HEADER_BYTES,
  LAST_FRAME,
  LENGTH_BYTES,
  type ObjectHeader,
  openFrame,
  readHeader,
  TAG_BYTES,
} from './format.ts';

/**
 * Takes exact numbers of bytes from a stream, which may take a piece back when it is asked for the next. So what was taken counts until
 * more is taken.
 */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, or fewer at the end of the stream. */
  async take(length: number): Promise<Buffer> {
    if (this.#held.length >= length) return this.#cut(length);
    const pieces: Buffer[] = [];
    let have = 0;
    do {
      const piece = this.#cut(length - have);
      pieces.push(Buffer.from(piece));
      have += piece.length;
    } while (have < length && (await this.#read()));
    return Buffer.concat(pieces, have);
  }

  /** As `take`, into a room that is used again: what a long stream would leave behind waits for the collector. */
  async takeInto(room: Buffer): Promise<Buffer> {
    let have = 0;
    do {
      const piece = this.#cut(room.length - have);
      room.set(piece, have);
      have += piece.length;
    } while (have < room.length && (await this.#read()));
    return room.subarray(0, have);
  }

  #cut(most: number): Buffer {
    const bytes = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(most);
    return bytes;
  }

  /** @returns false at the end of the stream */
  async #read(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done) return false;
    this.#held = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return true;
  }

  /** Whatever comes next, in pieces as they come; empty at the end of the stream. */
  async next(): Promise<Buffer> {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    if (held.length > 0) return held;
    return (await this.#read()) ? this.next() : held;
  }

  /** Puts back the end of what was read last. */
  giveBack(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held]);
  }

  /** Ends the stream where the reader does not want the rest. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

async function nextFrame(
  path: string,
  reader: ByteReader,
  header: ObjectHeader,
  index: number,
  roomFor: (bytes: number) => Buffer,
): Promise<{ plain: Buffer; last: boolean }> {
  const prefix = await reader.take(LENGTH_BYTES);
  if (prefix.length < LENGTH_BYTES) throw damaged(path, `it is cut short after ${index} frames`);
  const word = prefix.readUInt32BE();
  const last = word >= LAST_FRAME;
  const length = last ? word - LAST_FRAME : word;
  if (length > header.frameBytes || (!last && length !== header.frameBytes)) {
    throw damaged(path, `frame ${index} has an impossible length`);
  }
  const sealed = await reader.takeInto(roomFor(length + TAG_BYTES));
  if (sealed.length < length + TAG_BYTES) throw damaged(path, `it is cut short within frame ${index}`);
  return { plain: openFrame(path, header, index, last, sealed), last };
}

/**
 * The plaintext of a sealed object. No byte is passed on that was not authenticated, and it throws unless the object
 * is whole to its end.
 * @param path where the object stands
 * @param expectedId the object's id by a manifest, when there is one
 * @throws YumOpsError `backup_damaged`, `backup_key_wrong`, and what `source` throws
 */
export async function* open(
  source: AsyncIterable<Uint8Array>,
  path: string,
  keys: BackupKeys,
  expectedId?: string,
): AsyncIterable<Buffer> {
  const reader = new ByteReader(source);
  try {
    const header = readHeader(path, await reader.take(HEADER_BYTES), keys);
    if (expectedId !== undefined && header.objectId !== expectedId) {
      throw damaged(path, 'it is not the object that its manifest names');
    }
    let room: Buffer = Buffer.alloc(0);
    const roomFor = (bytes: number) => {
      if (room.length < bytes) room = Buffer.allocUnsafeSlow(bytes);
      return room.subarray(0, bytes);
    };
    for (let index = 0; ; index++) {
      const { plain, last } = await nextFrame(path, reader, header, index, roomFor);
      if (last && (await reader.take(1)).length > 0) throw damaged(path, 'something follows its end');
      passedOn(plain.length);
      if (plain.length > 0) yield plain;
      if (last) return;
    }
  } finally {
    await reader.close();
  }
}
