import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDurably } from '../../../lib/atomic-file.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { EntryHeader } from './entry.ts';

/** Time whose records share a file, milliseconds. */
const SPAN = 600_000;

/** Time for which a record is remembered, milliseconds. */
const KEEP = 24 * 3_600_000;

/** Records that are remembered, about 80 bytes of memory each. Beyond it the oldest spans are forgotten before their time. */
const MOST = 500_000;

/** Characters of a key: 12 bytes in Base64, so that the keys of a request with the most records fit an entry's header. */
const KEY = 16;

/** Identifies a record by the id that its sender gave it, within its project. */
export function recordKey(project: string, id: string): string {
  return createHash('sha256').update(`${project}\n${id}`).digest('base64').slice(0, KEY);
}

interface Span {
  file: FileHandle;
  bytes: number;
  keys: string[];
}

/**
 * The records of the last 24 hours that had an id, so that one which comes again in another body adds nothing. The durable
 * place of a key is the spool's entry that holds its record; keys are copied here, by `sync`, before the spool
 * forgets the entry.
 */
export class SeenRecords {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #spans = new Map<number, Span>();
  /** Keys that are in the files. */
  readonly #kept = new Set<string>();
  /** When records came that are in the spool alone. */
  readonly #pending = new Map<string, number>();
  readonly #underway = new Map<string, Promise<unknown>>();

  private constructor(folder: string, clock: Clock, most: number) {
    this.#folder = folder;
    this.#clock = clock;
    this.#most = most;
  }

  static async open(folder: string, clock: Clock, most = MOST): Promise<SeenRecords> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const seen = new SeenRecords(folder, clock, most);
    const numbers = (await readdir(folder)).flatMap((name) => /^(\d+)\.records$/.exec(name)?.[1] ?? []);
    for (const number of numbers.map(Number).sort((a, b) => a - b)) await seen.#load(number);
    await seen.#forget();
    return seen;
  }

  /** Notes the records of an entry that a restart found in the spool. */
  recover({ records = '', at }: EntryHeader): void {
    for (let i = 0; i < records.length; i += KEY) this.#pending.set(records.slice(i, i + KEY), at);
  }

  /**
   * Runs `take` with those of the keys whose records are known, and notes the others when it has taken them; a failed run
   * leaves no trace. Waits for runs that are under way with one of the keys.
   */
  async once<Taken>(keys: readonly string[], take: (known: ReadonlySet<string>) => Promise<Taken>): Promise<Taken> {
    for (let others = this.#runsWith(keys); others.length > 0; others = this.#runsWith(keys)) {
      await Promise.allSettled(others);
    }
    const known = new Set(keys.filter((key) => this.#knows(key)));
    const fresh = keys.filter((key) => !known.has(key));
    const run = take(known);
    for (const key of fresh) this.#underway.set(key, run);
    try {
      const taken = await run;
      const at = this.#clock.now();
      for (const key of fresh) this.#pending.set(key, at);
      return taken;
    } finally {
      for (const key of fresh) this.#underway.delete(key);
    }
  }

  /** Makes durable what was noted so far. May be called again after it failed; one call at a time. */
  async sync(): Promise<void> {
    const noted = new Map<number, string[]>();
    for (const [key, at] of this.#pending) {
      const number = Math.floor(at / SPAN);
      const keys = noted.get(number);
      if (keys) keys.push(key);
      else noted.set(number, [key]);
    }
    for (const [number, keys] of noted) {
      await append(await this.#span(number), keys);
      for (const key of keys) {
        this.#kept.add(key);
        this.#pending.delete(key);
      }
    }
    await this.#forget();
  }

  async close(): Promise<void> {
    for (const { file } of this.#spans.values()) await file.close();
  }

  #runsWith(keys: readonly string[]): Promise<unknown>[] {
    if (this.#underway.size === 0) return [];
    return [...new Set(keys.flatMap((key) => this.#underway.get(key) ?? []))];
  }

  #knows(key: string): boolean {
    return this.#pending.has(key) || this.#kept.has(key);
  }

  async #span(number: number): Promise<Span> {
    const known = this.#spans.get(number);
    if (known) return known;
    const file = await openDurably(this.#path(number));
    const span = { file, bytes: 0, keys: [] };
    this.#spans.set(number, span);
    return span;
  }

  /** What a crash left of a key is cut off. */
  async #load(number: number): Promise<void> {
    const content = await readFile(this.#path(number), 'latin1');
    const bytes = content.length - (content.length % KEY);
    const keys: string[] = [];
    for (let i = 0; i < bytes; i += KEY) keys.push(content.slice(i, i + KEY));
    const file = await open(this.#path(number), 'r+');
    await file.truncate(bytes);
    this.#spans.set(number, { file, bytes, keys });
    for (const key of keys) this.#kept.add(key);
  }

  /** The span that fills now is kept whatever its size. */
  async #forget(): Promise<void> {
    const oldest = Math.floor((this.#clock.now() - KEEP) / SPAN);
    const [newest, ...earlier] = [...this.#spans.keys()].sort((a, b) => b - a);
    let count = newest === undefined ? 0 : (this.#spans.get(newest)?.keys.length ?? 0);
    for (const number of earlier) {
      count += this.#spans.get(number)?.keys.length ?? 0;
      if (number < oldest || count > this.#most) await this.#drop(number);
    }
    if (newest !== undefined && newest < oldest) await this.#drop(newest);
  }

  async #drop(number: number): Promise<void> {
    const span = this.#spans.get(number);
    if (!span) return;
    this.#spans.delete(number);
    for (const key of span.keys) this.#kept.delete(key);
    await span.file.close();
    await rm(this.#path(number), { force: true });
  }

  #path(span: number): string {
    return join(this.#folder, `${span}.records`);
  }
}

/** Writes keys behind what is durable; they count once they are synced. */
async function append(span: Span, keys: readonly string[]): Promise<void> {
  const content = Buffer.from(keys.join(''), 'latin1');
  const { bytesWritten } = await span.file.write(content, 0, content.length, span.bytes);
  if (bytesWritten < content.length) throw new Error('The keys of records were not written as a whole.');
  await span.file.datasync();
  for (const key of keys) span.keys.push(key);
  span.bytes += content.length;
}
