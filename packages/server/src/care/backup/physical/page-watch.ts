import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Repository } from '../repository.ts';
import type { KnownBase } from './archive-state.ts';
import { ALL_PIECES, HashListWriter, PAGE_HASH_BYTES } from './hash-list.ts';
import { type KnownFile, KnownHashes } from './known-hashes.ts';
import { PageFile } from './page-file.ts';
import { PieceHash } from './piece-hash.ts';
import { isNoRoom, Spool } from './spool.ts';
import type { TarEvent } from './tar.ts';

/** Takes what is stored of the files of a base backup. */
export interface PageSink {
  entry(event: Exclude<TarEvent, { kind: 'data' | 'end' }>): void;
  /** Bytes that belong to no page. */
  raw(bytes: Buffer): void;
  /** @param changed bits of the pieces that are not known to be what they were */
  page(changed: number, page: Buffer): void;
}

/** The file that is passing. */
interface OpenFile {
  file: PageFile;
  known: KnownFile | undefined;
  /** Pages that have passed. */
  index: number;
  /** Bytes of the next one that are there. */
  filled: number;
}

/** Hashes the pieces of the pages of a base backup as they pass, and compares them with what is known of them. */
export class PageWatch {
  readonly #known: KnownHashes;
  readonly #pageBytes: number;
  readonly #hash: PieceHash;
  readonly #now = Buffer.alloc(PAGE_HASH_BYTES);
  readonly #seen = new Set<string>();
  readonly #spool = new Spool();
  #list: HashListWriter | undefined;
  #open: OpenFile | undefined;
  /** Why no hashes are stored. */
  #unlisted: string | undefined;

  /**
   * @param chain what the base backup builds on, the full one first
   * @throws what the store throws when it does not answer, and what `isNoRoom` knows
   */
  static async open(repository: Repository, chain: readonly KnownBase[], pageBytes: number): Promise<PageWatch> {
    const known = await KnownHashes.fetch(repository, chain, pageBytes);
    try {
      return new PageWatch(known, pageBytes);
    } catch (error) {
      known.close();
      throw error;
    }
  }

  private constructor(known: KnownHashes, pageBytes: number) {
    this.#known = known;
    this.#pageBytes = pageBytes;
    this.#hash = new PieceHash(known.secret, pageBytes);
    this.#list = new HashListWriter(this.#spool);
  }

  /** Whether anything is known to compare with. */
  get canCompare(): boolean {
    return !this.#known.isEmpty;
  }

  see(event: TarEvent, sink?: PageSink): void {
    if (event.kind === 'data') this.#data(event.bytes, sink);
    else if (event.kind === 'end') this.#end();
    else {
      sink?.entry(event);
      if (event.kind === 'file') this.#begin(event);
    }
  }

  /** The list of hashes, once all has passed; undefined where there is no room for it on disk. */
  finish(): Iterable<Buffer> | undefined {
    const gone = [...this.#known.paths()].filter((path) => !this.#seen.has(path));
    this.#write((list) => list.finish(this.#known.secret, this.#pageBytes, gone));
    return this.#list && this.#spool.content();
  }

  /** What a reader of the backup should know. */
  get warnings(): string[] {
    const { gap } = this.#known;
    const warnings: string[] = [];
    if (gap !== null) warnings.push(`Whole pages are stored where no hashes of their pieces are known: ${gap}.`);
    if (this.#unlisted !== undefined) warnings.push(withoutHashes(this.#unlisted));
    return warnings;
  }

  close(): void {
    this.#spool.close();
    this.#known.close();
  }

  #begin(entry: { path: string; size: number }): void {
    const file = PageFile.of(entry, this.#pageBytes);
    this.#open = file && { file, known: this.#known.file(file.path), index: 0, filled: 0 };
  }

  #data(bytes: Buffer, sink: PageSink | undefined): void {
    const open = this.#open;
    if (!open) {
      sink?.raw(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      if (open.file.headMissing > 0) {
        const taken = open.file.takeHead(bytes.subarray(at));
        sink?.raw(bytes.subarray(at, at + taken));
        at += taken;
      } else {
        const taken = bytes.copy(this.#hash.page, open.filled, at);
        open.filled += taken;
        at += taken;
        if (open.filled === this.#pageBytes) this.#page(open, sink);
      }
    }
  }

  #page(open: OpenFile, sink: PageSink | undefined): void {
    const { file, known } = open;
    if (open.index === file.pages) throw disordered(file.path);
    this.#hash.hash(this.#now);
    const block = file.blockOf(open.index);
    const changed = known?.compare(block, this.#now) ?? ALL_PIECES;
    if (isFull(open)) this.#write((list) => list.page(this.#now));
    else if (changed !== 0) this.#write((list) => list.change(block, changed, this.#now));
    sink?.page(changed, this.#hash.page);
    open.index++;
    open.filled = 0;
  }

  #end(): void {
    if (!this.#open) return;
    const { file, known, index, filled } = this.#open;
    const full = isFull(this.#open);
    const { path, length, pages, headMissing } = file;
    if (index !== pages || filled + headMissing > 0) throw disordered(path);
    this.#seen.add(path);
    this.#write((list) => list.end({ path, length, full }, !full && known?.length === length));
    this.#open = undefined;
  }

  /** A list is no condition of a backup: without room for it there is none. */
  #write(write: (list: HashListWriter) => void): void {
    if (!this.#list) return;
    try {
      write(this.#list);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.#unlisted = messageOf(error);
      this.#list = undefined;
    }
  }
}

/** What a backup says that has no hashes. */
export function withoutHashes(why: string): string {
  return `It has no hashes of pages, for want of room for temporary files, so that the next increment holds whole pages: ${why}`;
}

function disordered(path: string): YumOpsError {
  return new YumOpsError('base_backup_damaged', `The server sent ${path} with other pages than it says.`, {
    hint: 'The network or this machine changed bytes. Run the backup again.',
  });
}

/** Whether a file is listed in full: nothing is known of it before. */
const isFull = ({ file, known }: OpenFile) => file.isWhole && known === undefined;
