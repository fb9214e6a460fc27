import { damaged } from '../object/format.ts';
import { HASH_BYTES, PIECES, SECRET_BYTES } from './piece-hash.ts';
import type { Spool } from './spool.ts';

/** The part of a base backup that holds the hashes of the pieces of its pages. */
export const PAGE_HASHES = 'page-hashes';

/** Bytes of the hashes of a page. */
export const PAGE_HASH_BYTES = PIECES * HASH_BYTES;
/** A page of which every piece is another one. */
export const ALL_PIECES = 2 ** PIECES - 1;
/** Number of the page 4 · the pieces that changed 2. */
const ENTRY_HEAD = 6;

/**
 * The format of the object:
 *
 *     sections   one file after the other
 *     index      JSON
 *     length of the index 4
 *
 * A section of a full file has the hashes of each of its pages. One of a file that was known before has an entry for each
 * page that changed: number of the page 4 · bits of the pieces that changed 2 · the hashes of those. Integers are
 * little-endian. Files that did not change, and are as long as before, have no section.
 */
interface HashIndex {
  version: 1;
  /** What the hashes are keyed with, base64; the same in all backups whose hashes can be compared. */
  secret: string;
  pageBytes: number;
  files: HashSection[];
  /** Files that what it builds on had. */
  gone: string[];
}

/** Where the hashes of a file stand. */
export interface HashSection {
  path: string;
  /** Pages of the file. */
  length: number;
  full: boolean;
  /** Bytes from the beginning of the object. */
  at: number;
  bytes: number;
}

/** Puts hashes into a spool, in the format of the object. */
export class HashListWriter {
  readonly #spool: Spool;
  readonly #files: HashSection[] = [];
  readonly #head = Buffer.alloc(ENTRY_HEAD);
  #at = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** A page of a file that is listed in full. */
  page(hashes: Buffer): void {
    this.#spool.append(hashes);
  }

  /** A page of a file that was known before. @param changed bits of the pieces that changed */
  change(block: number, changed: number, hashes: Buffer): void {
    this.#head.writeUInt32LE(block, 0);
    this.#head.writeUInt16LE(changed, 4);
    this.#spool.append(this.#head);
    for (let piece = 0; piece < PIECES; piece++) {
      if (changed & (1 << piece)) this.#spool.append(hashes, piece * HASH_BYTES, (piece + 1) * HASH_BYTES);
    }
  }

  /** Ends the section of a file. @param isSame whether it is as long as before, so that it needs none without changes */
  end(file: Pick<HashSection, 'path' | 'length' | 'full'>, isSame: boolean): void {
    const bytes = this.#spool.bytes - this.#at;
    if (bytes > 0 || !isSame) this.#files.push({ ...file, at: this.#at, bytes });
    this.#at = this.#spool.bytes;
  }

  finish(secret: Buffer, pageBytes: number, gone: string[]): void {
    const index: HashIndex = { version: 1, secret: secret.toString('base64'), pageBytes, files: this.#files, gone };
    const text = Buffer.from(JSON.stringify(index));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    this.#spool.append(text);
    this.#spool.append(length);
    this.#spool.flush();
  }
}

/** The index of a list that stands in a spool between two places. @throws YumOpsError `backup_damaged` */
export function readHashIndex(spool: Spool, start: number, end: number, what: string): HashIndex {
  const length = Buffer.alloc(4);
  if (end - start < length.length) throw damaged(what, 'it is too short for a list of hashes');
  spool.read(length, end - length.length);
  const text = Buffer.alloc(Math.min(length.readUInt32LE(), Math.max(0, end - start - length.length)));
  spool.read(text, end - length.length - text.length);
  let index: HashIndex | undefined;
  try {
    index = JSON.parse(text.toString()) as HashIndex;
  } catch {
    // Said below.
  }
  const isKnown = index?.version === 1 && Buffer.from(index.secret, 'base64').length === SECRET_BYTES;
  if (!index || !isKnown) throw damaged(what, 'its index of hashes cannot be read');
  return index;
}

/** A window of a spool that moves forward. */
const WINDOW = 1 << 16;

/** The hashes of one section, asked for in the order of its pages. */
export class SectionReader {
  readonly length: number;
  readonly #spool: Spool;
  readonly #full: boolean;
  readonly #start: number;
  readonly #end: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  #next: number;

  /** @param offset of the list within the spool */
  constructor(spool: Spool, section: HashSection, offset: number) {
    this.length = section.length;
    this.#spool = spool;
    this.#full = section.full;
    this.#start = offset + section.at;
    this.#end = this.#start + section.bytes;
    this.#next = this.#start;
  }

  /**
   * Compares a page with what is listed of it. Pages must be asked for in ascending order.
   * @param wanted bits of the pieces to compare
   * @returns bits of the pieces that are listed, and of those that differ
   */
  compare(block: number, hashes: Buffer, wanted: number): { listed: number; differ: number } {
    const found = this.#full ? this.#page(block) : this.#entry(block);
    if (found === undefined) return { listed: 0, differ: 0 };
    let at = found.at;
    let differ = 0;
    for (let piece = 0; piece < PIECES; piece++) {
      const bit = 1 << piece;
      if (!(found.pieces & bit)) continue;
      if (wanted & bit && !this.#isSame(at, hashes, piece * HASH_BYTES)) differ |= bit;
      at += HASH_BYTES;
    }
    return { listed: found.pieces & wanted, differ };
  }

  #page(block: number): { pieces: number; at: number } | undefined {
    const at = this.#start + block * PAGE_HASH_BYTES;
    if (at + PAGE_HASH_BYTES > this.#end) return undefined;
    return { pieces: ALL_PIECES, at: this.#load(at, PAGE_HASH_BYTES) };
  }

  #entry(block: number): { pieces: number; at: number } | undefined {
    while (this.#next + ENTRY_HEAD <= this.#end) {
      const head = this.#load(this.#next, ENTRY_HEAD);
      const found = this.#window.readUInt32LE(head);
      if (found > block) return undefined;
      const pieces = this.#window.readUInt16LE(head + 4);
      const bytes = ENTRY_HEAD + HASH_BYTES * bitsOf(pieces);
      if (found === block) return { pieces, at: this.#load(this.#next, bytes) + ENTRY_HEAD };
      this.#next += bytes;
    }
    return undefined;
  }

  /** @returns where in the window it stands */
  #load(at: number, bytes: number): number {
    if (at < this.#windowAt || at + bytes > this.#windowAt + this.#window.length) {
      const wanted = Math.max(bytes, Math.min(WINDOW, this.#end - at));
      if (this.#window.length < wanted) this.#window = Buffer.allocUnsafeSlow(wanted);
      this.#spool.read(this.#window, at);
      this.#windowAt = at;
    }
    return at - this.#windowAt;
  }

  #isSame(at: number, hashes: Buffer, from: number): boolean {
    for (let n = 0; n < HASH_BYTES; n++) if (this.#window[at + n] !== hashes[from + n]) return false;
    return true;
  }
}

/** How many bits of a number of 16 bits are set. */
export function bitsOf(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count++;
  return count;
}
