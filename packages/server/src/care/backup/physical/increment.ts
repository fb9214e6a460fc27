import { damaged } from '../object/format.ts';

/**
 * A file of an incremental base backup (PostgreSQL 17 and later): the blocks of one segment of a relation that changed.
 *
 *     magic 4 · number of blocks 4 · length of the file in blocks 4 · number of each block 4 · zeros up to a full block
 *     · the blocks
 *
 * Integers are of the server's byte order, which is little-endian on every architecture that a restore accepts. Without
 * blocks there are no zeros. The server's `pg_combinebackup` reads the same; `reconstruct.c` is the source of the rules.
 */
const MAGIC = 0xd3ae1f0d;
const HEAD = 12;
const CHANGED = /^((?:base\/\d+|global)\/)INCREMENTAL\.([^/]+)$/;
/** Blocks of a segment: 1 GB in blocks of 1 KB, the smallest that there are. */
const MOST_BLOCKS = 2 ** 20;

/** The path of the file that an incremental file changes; undefined for a file that stands for itself. */
export function changedFile(path: string): string | undefined {
  const [, folder, name] = CHANGED.exec(path) ?? [];
  return folder === undefined ? undefined : folder + name;
}

/** Bytes that belong at a place of the file. */
export interface BlockWrite {
  at: number;
  bytes: Buffer;
}

/** What an incremental file begins with; memory is bounded by its list of blocks, 4 MB at most. */
export class IncrementHead {
  /** Numbers of the blocks that follow; undefined until all of the list has come. */
  blocks: number[] | undefined;
  readonly #path: string;
  readonly #blockSize: number;
  #bytes: Buffer = Buffer.alloc(HEAD);
  #have = 0;
  #padding = 0;

  /** @param path for messages */
  constructor(path: string, blockSize: number) {
    this.#path = path;
    this.#blockSize = blockSize;
  }

  /** Bytes that are still to come, as far as it is known; 0 when the blocks follow. */
  get missing(): number {
    return this.blocks === undefined ? this.#bytes.length - this.#have : this.#padding;
  }

  /** Takes the next bytes. @returns how many belong to it. @throws YumOpsError `backup_damaged` */
  take(bytes: Buffer): number {
    if (this.blocks !== undefined) {
      const skipped = Math.min(this.#padding, bytes.length);
      this.#padding -= skipped;
      return skipped;
    }
    const taken = bytes.copy(this.#bytes, this.#have);
    this.#have += taken;
    if (this.#have === this.#bytes.length) this.#read();
    return taken;
  }

  /** Blocks that the whole file has. */
  get length(): number {
    return (this.blocks ?? []).reduce((length, block) => Math.max(length, block + 1), this.#bytes.readUInt32LE(8));
  }

  #read(): void {
    const count = this.#bytes.readUInt32LE(4);
    if (this.#bytes.readUInt32LE(0) !== MAGIC || count > MOST_BLOCKS) {
      throw damaged(this.#path, 'it is no incremental file');
    }
    const whole = HEAD + 4 * count;
    if (this.#bytes.length < whole) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(whole - HEAD)]);
      return;
    }
    this.blocks = Array.from({ length: count }, (_, n) => this.#bytes.readUInt32LE(HEAD + 4 * n));
    if (count > 0) this.#padding = (this.#blockSize - (whole % this.#blockSize)) % this.#blockSize;
  }
}

/** Reads one incremental file as it arrives. */
export class IncrementReader {
  readonly #path: string;
  readonly #blockSize: number;
  readonly #head: IncrementHead;
  /** Bytes of blocks that have come. */
  #done = 0;

  /** @param path for messages */
  constructor(path: string, blockSize: number) {
    this.#path = path;
    this.#blockSize = blockSize;
    this.#head = new IncrementHead(path, blockSize);
  }

  /** Takes the next bytes. @throws YumOpsError `backup_damaged` */
  *read(bytes: Buffer): Generator<BlockWrite> {
    let i = 0;
    while (i < bytes.length) {
      if (this.#head.missing > 0) i += this.#head.take(bytes.subarray(i));
      else {
        const write = this.#nextRun(bytes.subarray(i));
        yield write;
        i += write.bytes.length;
      }
    }
  }

  /** @returns bytes that the whole file has. @throws YumOpsError `backup_damaged` where it is not complete */
  finish(): number {
    const { blocks, length } = this.#head;
    if (blocks === undefined || this.#done !== blocks.length * this.#blockSize) throw this.#damaged('it ends early');
    return length * this.#blockSize;
  }

  /** The longest run of the bytes that belongs together: blocks that follow each other are written at once. */
  #nextRun(bytes: Buffer): BlockWrite {
    const blocks = this.#head.blocks as number[];
    const size = this.#blockSize;
    const index = Math.floor(this.#done / size);
    const first = blocks[index];
    if (first === undefined) throw this.#damaged('something follows its end');
    const within = this.#done % size;
    let last = index;
    while (blocks[last + 1] === (blocks[last] as number) + 1 && (last + 1 - index) * size - within < bytes.length)
      last++;
    const run = bytes.subarray(0, (last + 1 - index) * size - within);
    this.#done += run.length;
    return { at: first * size + within, bytes: run };
  }

  #damaged(why: string) {
    return damaged(this.#path, why);
  }
}

/** A `backup_label` without the lines that would keep a server from starting on files that were put together. */
export function labelOfWhole(label: string): string {
  return label
    .split('\n')
    .filter((line) => !line.startsWith('INCREMENTAL FROM '))
    .join('\n');
}
