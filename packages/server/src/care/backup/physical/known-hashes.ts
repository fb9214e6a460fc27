import { randomBytes } from 'node:crypto';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import { decompress } from '../object/blocks.ts';
import type { Repository } from '../repository.ts';
import type { KnownBase } from './archive-state.ts';
import { ALL_PIECES, type HashSection, PAGE_HASHES, readHashIndex, SectionReader } from './hash-list.ts';
import { SECRET_BYTES } from './piece-hash.ts';
import { isNoRoom, Spool } from './spool.ts';

/** Errors that mean that there are no hashes, not that there can be no backup. */
const WITHOUT = new Set(['backup_damaged', 'backup_key_wrong', 'blob_missing']);

interface StoredSection extends HashSection {
  /** Where the list that it is of begins in the spool. */
  offset: number;
}

interface HashList {
  secret: string;
  pageBytes: number;
  offset: number;
  files: HashSection[];
  gone: string[];
}

/**
 * What the hashes of a chain of base backups tell about the pages of its last link. They lie on disk while they are needed, a
 * ninetieth of the database; in memory there is a line for each file.
 */
export class KnownHashes {
  readonly secret: Buffer;
  /** Why something is not known; null = everything is. */
  readonly gap: string | null;
  readonly #spool: Spool;
  /** Sections of each file, the newest last. */
  readonly #files = new Map<string, StoredSection[]>();

  /**
   * Fetches the hashes of a chain, from its last link back to where there are none.
   * @param links the full backup first
   * @throws what the store throws when it does not answer, and what `isNoRoom` knows
   */
  static async fetch(repository: Repository, links: readonly KnownBase[], pageBytes: number): Promise<KnownHashes> {
    const spool = new Spool();
    const lists: HashList[] = [];
    try {
      let gap: string | null = null;
      for (const link of links.toReversed()) {
        gap = await fetchList(repository, link, spool, lists, pageBytes);
        if (gap !== null) break;
      }
      return new KnownHashes(spool, lists.toReversed(), gap);
    } catch (error) {
      spool.close();
      throw error;
    }
  }

  private constructor(spool: Spool, lists: readonly HashList[], gap: string | null) {
    this.#spool = spool;
    this.gap = gap;
    const [first] = lists;
    this.secret = first === undefined ? randomBytes(SECRET_BYTES) : Buffer.from(first.secret, 'base64');
    for (const { files, gone, offset } of lists) {
      for (const path of gone) this.#files.delete(path);
      for (const section of files) {
        const before = section.full ? [] : (this.#files.get(section.path) ?? []);
        this.#files.set(section.path, [...before, { ...section, offset }]);
      }
    }
  }

  /** Whether nothing is known. */
  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** Paths of the files of which something is known. */
  paths(): Iterable<string> {
    return this.#files.keys();
  }

  /** What is known of a file; undefined = nothing. */
  file(path: string): KnownFile | undefined {
    const sections = this.#files.get(path);
    return (
      sections && new KnownFile(sections.map((section) => new SectionReader(this.#spool, section, section.offset)))
    );
  }

  close(): void {
    this.#spool.close();
  }
}

/** @returns why there is no list that can be compared with those after it; null = it is there */
async function fetchList(
  repository: Repository,
  { id, manifest }: KnownBase,
  spool: Spool,
  lists: HashList[],
  pageBytes: number,
): Promise<string | null> {
  const object = manifest.objects.find(({ part }) => part === PAGE_HASHES);
  if (!object) return `${id} has none`;
  const offset = spool.bytes;
  try {
    for await (const bytes of decompress(repository.readObject(object), object.path)) spool.append(bytes);
    const index = readHashIndex(spool, offset, spool.bytes, object.path);
    const secret = lists[0]?.secret ?? index.secret;
    if (index.secret !== secret || index.pageBytes !== pageBytes) return `those of ${id} are of another kind`;
    lists.push({ ...index, offset });
    return null;
  } catch (error) {
    if (!WITHOUT.has(codeOf(error) ?? '') && !isNoRoom(error)) throw error;
    return messageOf(error);
  }
}

/** The hashes of one file, asked for page by page. */
export class KnownFile {
  /** Pages that it had. */
  readonly length: number;
  /** The newest first. */
  readonly #sections: readonly SectionReader[];
  #last = -1;

  /** @param sections the newest last */
  constructor(sections: readonly SectionReader[]) {
    this.#sections = sections.toReversed();
    this.length = this.#sections[0]?.length ?? 0;
  }

  /** @returns bits of the pieces of a page that are not known to be what they were */
  compare(block: number, hashes: Buffer): number {
    // A server lists pages in their order; out of it nothing is known.
    if (block <= this.#last) return ALL_PIECES;
    this.#last = block;
    let unknown = ALL_PIECES;
    let changed = 0;
    for (const section of this.#sections) {
      // It was shorter once: what stood there before is gone.
      if (unknown === 0 || block >= section.length) break;
      const { listed, differ } = section.compare(block, hashes, unknown);
      unknown &= ~listed;
      changed |= differ;
    }
    return changed | unknown;
  }
}
