import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../lib/errors.ts';
import { damaged } from '../object/format.ts';
import { ByteReader } from '../object/open.ts';
import { ALL_PIECES, bitsOf } from './hash-list.ts';
import { PageFile } from './page-file.ts';
import type { PageSet } from './page-set.ts';
import type { PageSink } from './page-watch.ts';
import { PIECES } from './piece-hash.ts';
import type { TarEvent } from './tar.ts';

/**
 * The part of an increment that holds the server's archive in pieces:
 *
 *     entry   length 4 · JSON: kind, path, size, mode, target · the bytes of a file
 *     end     zeros 4
 *
 * Of a file of pages (see `PageFile`) there are, after what stands before its pages, for each page: bits of the pieces
 * that are there 2 · those pieces. The others are what they were in what it builds on. All other files are there as
 * they are. Integers are little-endian. What comes out is the archive as the server sent it, byte by byte, and is
 * held against the server's own list of sums.
 */
export const PIECES_PART = 'base.pieces';

type Entry = Exclude<TarEvent, { kind: 'data' | 'end' }>;

const MOST_ENTRY_BYTES = 1 << 16;
const OUT_BYTES = 1 << 17;

/** Writes the format. Between two calls of `drain` it takes what a few pieces of a stream hold. */
export class PiecesWriter implements PageSink {
  #out = Buffer.allocUnsafeSlow(OUT_BYTES);
  #filled = 0;

  entry(event: Entry): void {
    const text = Buffer.from(JSON.stringify(event));
    this.#put(4 + text.length, (out, at) => {
      out.writeUInt32LE(text.length, at);
      text.copy(out, at + 4);
    });
  }

  raw(bytes: Buffer): void {
    this.#put(bytes.length, (out, at) => bytes.copy(out, at));
  }

  page(changed: number, page: Buffer): void {
    const size = page.length / PIECES;
    this.#put(2 + bitsOf(changed) * size, (out, at) => {
      let to = out.writeUInt16LE(changed, at);
      for (let piece = 0; piece < PIECES; piece++) {
        if (changed & (1 << piece)) to += page.copy(out, to, piece * size, (piece + 1) * size);
      }
    });
  }

  end(): void {
    this.#put(4, (out, at) => out.writeUInt32LE(0, at));
  }

  /** What has gathered; it is valid until the next call. */
  drain(): Buffer {
    const bytes = this.#out.subarray(0, this.#filled);
    this.#filled = 0;
    return bytes;
  }

  #put(bytes: number, write: (out: Buffer, at: number) => void): void {
    if (this.#filled + bytes > this.#out.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (this.#filled + bytes));
      this.#out.copy(larger, 0, 0, this.#filled);
      this.#out = larger;
    }
    write(this.#out, this.#filled);
    this.#filled += bytes;
  }
}

/** Pages that are put together at once. */
const BATCH = 32;
const RAW_BYTES = 1 << 17;

/**
 * Reads the format, with the pages of what it builds on.
 * @param what path of the object, for messages
 * @param parentDir where the files of what it builds on lie; a page is read before its event is given
 * @throws YumOpsError `backup_damaged`
 */
export async function* readPieces(
  source: AsyncIterable<Buffer>,
  what: string,
  pageBytes: number,
  parentDir: string,
): AsyncGenerator<TarEvent> {
  const input = new Input(source, what);
  for await (const entry of entriesOf(input)) {
    yield entry;
    if (entry.kind !== 'file') continue;
    const file = PageFile.of(entry, pageBytes);
    if (file === undefined) yield* input.raw(entry.size);
    else yield* pagesOf(input, file, new ParentFile(join(parentDir, file.path), pageBytes, input));
    yield { kind: 'end' };
  }
}

/**
 * Notes the pages of which some pieces are not in the format, so that those of what it builds on are needed.
 * @throws YumOpsError `backup_damaged`
 */
export async function notePagesNeeded(
  source: AsyncIterable<Buffer>,
  what: string,
  pageBytes: number,
  needed: PageSet,
): Promise<void> {
  const input = new Input(source, what);
  for await (const entry of entriesOf(input)) {
    if (entry.kind !== 'file') continue;
    const file = PageFile.of(entry, pageBytes);
    if (file !== undefined) await notePages(input, file, needed);
    else for await (const _ of input.raw(entry.size));
  }
}

/** What a file brings is read by whoever takes its entry, before the next. */
async function* entriesOf(input: Input) {
  try {
    for (let entry = await input.entry(); entry !== undefined; entry = await input.entry()) yield entry;
  } finally {
    await input.close();
  }
}

async function notePages(input: Input, file: PageFile, needed: PageSet): Promise<void> {
  for await (const _ of input.head(file));
  for (let index = 0; index < file.pages; index++) {
    const { changed } = await input.page(file.pageBytes);
    if (changed !== ALL_PIECES) needed.add(file.path, file.blockOf(index));
  }
}

async function* pagesOf(input: Input, file: PageFile, parent: ParentFile): AsyncGenerator<TarEvent> {
  try {
    yield* input.head(file);
    for (let index = 0; index < file.pages; index += BATCH) {
      const count = Math.min(BATCH, file.pages - index);
      yield { kind: 'data', bytes: await input.pages(file, index, count, parent) };
    }
  } finally {
    await parent.close();
  }
}

/** A file of what an increment builds on. */
class ParentFile {
  readonly #path: string;
  readonly #pageBytes: number;
  readonly #input: Input;
  /** Opened once, also where several pages are read at the same time. */
  #file: Promise<FileHandle> | undefined;

  constructor(path: string, pageBytes: number, input: Input) {
    this.#path = path;
    this.#pageBytes = pageBytes;
    this.#input = input;
  }

  /** Reads pages that follow each other. @throws YumOpsError `backup_damaged` where it does not have them */
  async read(into: Buffer, block: number): Promise<void> {
    this.#file ??= open(this.#path, 'r');
    try {
      const { bytesRead } = await (await this.#file).read(into, 0, into.length, block * this.#pageBytes);
      if (bytesRead === into.length) return;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    throw this.#input.damaged('it has pieces of a page that what it builds on does not have');
  }

  async close(): Promise<void> {
    await this.#file
      ?.then((file) => file.close())
      .catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
  }
}

class Input {
  readonly #reader: ByteReader;
  readonly #what: string;

  constructor(source: AsyncIterable<Buffer>, what: string) {
    this.#reader = new ByteReader(source);
    this.#what = what;
  }

  damaged(why: string) {
    return damaged(this.#what, why);
  }

  async take(bytes: number): Promise<Buffer> {
    const taken = await this.#reader.take(bytes);
    if (taken.length < bytes) throw this.damaged('it ends early');
    return taken;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** @returns undefined at the end */
  async entry(): Promise<Entry | undefined> {
    const length = (await this.take(4)).readUInt32LE();
    if (length === 0) {
      if ((await this.#reader.take(1)).length > 0) throw this.damaged('something follows its end');
      return undefined;
    }
    if (length > MOST_ENTRY_BYTES) throw this.damaged('an entry has an impossible length');
    const text = (await this.take(length)).toString();
    let entry: Entry;
    try {
      entry = JSON.parse(text) as Entry;
    } catch {
      throw this.damaged('an entry cannot be read');
    }
    const leadsOut = entry.path.startsWith('/') || entry.path.split('/').includes('..');
    if (leadsOut) throw this.damaged(`the path "${entry.path}" leads out of the folder`);
    return entry;
  }

  async *raw(size: number): AsyncGenerator<TarEvent> {
    for (let left = size; left > 0; ) {
      const bytes = await this.take(Math.min(left, RAW_BYTES));
      left -= bytes.length;
      yield { kind: 'data', bytes };
    }
  }

  /** What stands before the pages of a file. */
  async *head(file: PageFile): AsyncGenerator<TarEvent> {
    while (file.headMissing > 0) {
      const bytes = await this.take(Math.min(file.headMissing, RAW_BYTES));
      file.takeHead(bytes);
      yield { kind: 'data', bytes };
    }
  }

  /** The pieces of a page that are there. */
  async page(pageBytes: number): Promise<{ changed: number; pieces: Buffer }> {
    const changed = (await this.take(2)).readUInt16LE();
    return { changed, pieces: await this.take((bitsOf(changed) * pageBytes) / PIECES) };
  }

  /** Puts pages together from their pieces and those of what they build on. */
  async pages(file: PageFile, index: number, count: number, parent: ParentFile): Promise<Buffer> {
    const stored: { changed: number; pieces: Buffer }[] = [];
    const bytes = file.pageBytes;
    const size = bytes / PIECES;
    for (let n = 0; n < count; n++) stored.push(await this.page(bytes));
    const pages = Buffer.allocUnsafeSlow(count * bytes);
    await Promise.all(
      runsOf(stored, (n) => file.blockOf(index + n)).map(({ from, to }) =>
        parent.read(pages.subarray(from * bytes, to * bytes), file.blockOf(index + from)),
      ),
    );
    for (const [n, { changed, pieces }] of stored.entries()) {
      let at = 0;
      for (let piece = 0; piece < PIECES; piece++) {
        if (changed & (1 << piece)) at += pieces.copy(pages, n * bytes + piece * size, at, at + size);
      }
    }
    return pages;
  }
}

/** Pages of which something must be read, as runs of blocks that follow each other. @returns indexes, `to` exclusive */
function runsOf(
  stored: readonly { changed: number }[],
  blockOf: (n: number) => number,
): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const [n, { changed }] of stored.entries()) {
    if (changed === ALL_PIECES) continue;
    const last = runs.at(-1);
    if (last?.to === n && blockOf(n) === blockOf(n - 1) + 1) last.to = n + 1;
    else runs.push({ from: n, to: n + 1 });
  }
  return runs;
}
