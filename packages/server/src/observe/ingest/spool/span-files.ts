import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDurably } from '../../../lib/atomic-file.ts';

/** A file of what came within one span of time, and what memory holds of it. */
export interface SpanFile<Held> {
  /** Spans between the epoch and this one. */
  number: number;
  path: string;
  file: FileHandle;
  /** Bytes that are durable. */
  bytes: number;
  held: Held;
}

export interface SpanFilesOptions<Held> {
  folder: string;
  /** What the files' names end with, behind the point. */
  ending: string;
  /** Time that shares a file, milliseconds. */
  spanMs: number;
  /** Time for which a file is kept, milliseconds. */
  keepMs: number;
  /** What is held of a file's content, and how many of its bytes are whole; a crash may have left part of an item behind them. */
  read(content: Buffer): { held: Held; bytes: number };
}

/** Files below a folder, one for a span of time, that are only appended to and go as a whole when their time is over. */
export class SpanFiles<Held> {
  readonly #options: SpanFilesOptions<Held>;
  readonly #spans = new Map<number, SpanFile<Held>>();

  private constructor(options: SpanFilesOptions<Held>) {
    this.#options = options;
  }

  /** Opens what is there; what is not whole at the end of a file is cut off. */
  static async open<Held>(options: SpanFilesOptions<Held>): Promise<SpanFiles<Held>> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const files = new SpanFiles(options);
    const pattern = new RegExp(`^(\\d+)\\.${options.ending}$`);
    for (const name of await readdir(options.folder)) {
      const number = pattern.exec(name)?.[1];
      if (number !== undefined) await files.#load(Number(number));
    }
    return files;
  }

  /** The spans, in no order. */
  all(): Iterable<SpanFile<Held>> {
    return this.#spans.values();
  }

  newestFirst(): SpanFile<Held>[] {
    return [...this.#spans.values()].sort((a, b) => b.number - a.number);
  }

  /** The file of a span; an empty one is made where there is none. */
  async at(number: number): Promise<SpanFile<Held>> {
    const known = this.#spans.get(number);
    if (known) return known;
    const path = this.#path(number);
    const file = await openDurably(path);
    const span = { number, path, file, bytes: 0, held: this.#options.read(Buffer.alloc(0)).held };
    this.#spans.set(number, span);
    return span;
  }

  /** Whether the time of a span is over. @param now milliseconds since the epoch */
  isOver({ number }: SpanFile<Held>, now: number): boolean {
    return number < Math.floor((now - this.#options.keepMs) / this.#options.spanMs);
  }

  async drop({ number, path, file }: SpanFile<Held>): Promise<void> {
    this.#spans.delete(number);
    await file.close();
    await rm(path, { force: true });
  }

  async close(): Promise<void> {
    for (const { file } of this.#spans.values()) await file.close();
  }

  async #load(number: number): Promise<void> {
    const path = this.#path(number);
    const { held, bytes } = this.#options.read(await readFile(path));
    const file = await open(path, 'r+');
    await file.truncate(bytes);
    this.#spans.set(number, { number, path, file, bytes, held });
  }

  #path(number: number): string {
    return join(this.#options.folder, `${number}.${this.#options.ending}`);
  }
}

/**
 * Writes behind what is durable, and syncs. After a failed sync the next call writes from the same place again, because
 * the system may have dropped what was written.
 * @returns the place of the content in the file
 */
export async function append(span: SpanFile<unknown>, content: Buffer): Promise<number> {
  const place = span.bytes;
  const { bytesWritten } = await span.file.write(content, 0, content.length, place);
  if (bytesWritten < content.length) throw new Error(`${span.path} was not written as a whole.`);
  await span.file.datasync();
  span.bytes += content.length;
  return place;
}

/** Groups items by the span in which they came. @param spanMs milliseconds */
export function bySpan<Item>(items: Iterable<Item>, at: (item: Item) => number, spanMs: number): Map<number, Item[]> {
  const spans = new Map<number, Item[]>();
  for (const item of items) {
    const number = Math.floor(at(item) / spanMs);
    const those = spans.get(number);
    if (those) those.push(item);
    else spans.set(number, [item]);
  }
  return spans;
}
