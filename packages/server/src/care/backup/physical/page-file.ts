import { changedFile, IncrementHead } from './increment.ts';

/** Files of relations, whole or incremental; their other files are small. */
const PAGES = /^(?:base\/\d+|global)\/(?:INCREMENTAL\.)?\d+(?:_[a-z]+)?(?:\.\d+)?$/;

/** A file of pages as a base backup has it: an incremental one begins with a list of its pages. */
export class PageFile {
  /** Of the whole file. */
  readonly path: string;
  readonly pageBytes: number;
  readonly #head: IncrementHead | undefined;
  readonly #wholePages: number;

  /** @returns undefined where the entry is no file of pages */
  static of({ path, size }: { path: string; size: number }, pageBytes: number): PageFile | undefined {
    if (!PAGES.test(path)) return undefined;
    const changed = changedFile(path);
    if (changed !== undefined) return new PageFile(changed, pageBytes, 0, new IncrementHead(path, pageBytes));
    return size % pageBytes === 0 ? new PageFile(path, pageBytes, size / pageBytes, undefined) : undefined;
  }

  private constructor(path: string, pageBytes: number, wholePages: number, head: IncrementHead | undefined) {
    this.path = path;
    this.pageBytes = pageBytes;
    this.#wholePages = wholePages;
    this.#head = head;
  }

  /** Whether all of its pages are there. */
  get isWhole(): boolean {
    return this.#head === undefined;
  }

  /** Bytes before its pages that are still to come, as far as it is known. */
  get headMissing(): number {
    return this.#head?.missing ?? 0;
  }

  /** Takes bytes of what stands before its pages. @returns how many. @throws YumOpsError `backup_damaged` */
  takeHead(bytes: Buffer): number {
    return this.#head?.take(bytes) ?? 0;
  }

  /** Pages that it brings; known when its head has come. */
  get pages(): number {
    return this.#head?.blocks?.length ?? this.#wholePages;
  }

  /** Pages of the whole file. */
  get length(): number {
    return this.#head?.length ?? this.#wholePages;
  }

  /** Which page of the whole file the page `index` is. */
  blockOf(index: number): number {
    return this.#head === undefined ? index : (this.#head.blocks?.[index] ?? index);
  }
}
