import { createHash } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import type { EntryHeader } from './entry.ts';
import { append, bySpan, SpanFiles } from './span-files.ts';

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

/**
 * The records of the last 24 hours that had an id, so that one which comes again in another body adds nothing. The durable
 * place of a key is the spool's entry that holds its record; keys are copied here, by `sync`, before the spool
 * forgets the entry.
 */
export class SeenRecords {
  readonly #spans: SpanFiles<string[]>;
  readonly #clock: Clock;
  readonly #most: number;
  /** Keys that are in the files. */
  readonly #kept = new Set<string>();
  /** When records came that are in the spool alone. */
  readonly #pending = new Map<string, number>();
  readonly #underway = new Map<string, Promise<unknown>>();

  private constructor(spans: SpanFiles<string[]>, clock: Clock, most: number) {
    this.#spans = spans;
    this.#clock = clock;
    this.#most = most;
    for (const { held } of spans.all()) this.#keep(held);
  }

  static async open(folder: string, clock: Clock, most = MOST): Promise<SeenRecords> {
    const spans = await SpanFiles.open({ folder, ending: 'records', spanMs: SPAN, keepMs: KEEP, read: readKeys });
    const seen = new SeenRecords(spans, clock, most);
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
    for (const [number, noted] of bySpan(this.#pending, ([, at]) => at, SPAN)) {
      const span = await this.#spans.at(number);
      const keys = noted.map(([key]) => key);
      await append(span, Buffer.from(keys.join(''), 'latin1'));
      for (const key of keys) span.held.push(key);
      this.#keep(keys);
      for (const key of keys) this.#pending.delete(key);
    }
    await this.#forget();
  }

  close(): Promise<void> {
    return this.#spans.close();
  }

  #runsWith(keys: readonly string[]): Promise<unknown>[] {
    if (this.#underway.size === 0) return [];
    return [...new Set(keys.flatMap((key) => this.#underway.get(key) ?? []))];
  }

  #knows(key: string): boolean {
    return this.#pending.has(key) || this.#kept.has(key);
  }

  #keep(keys: readonly string[]): void {
    for (const key of keys) this.#kept.add(key);
  }

  /** The span that fills now is kept whatever its size. */
  async #forget(): Promise<void> {
    const now = this.#clock.now();
    let count = 0;
    for (const [i, span] of this.#spans.newestFirst().entries()) {
      count += span.held.length;
      const isTooMany = i > 0 && count > this.#most;
      if (!isTooMany && !this.#spans.isOver(span, now)) continue;
      for (const key of span.held) this.#kept.delete(key);
      await this.#spans.drop(span);
    }
  }
}

/** Keys have one length; what a crash left of one does not count. */
function readKeys(content: Buffer): { held: string[]; bytes: number } {
  const bytes = content.length - (content.length % KEY);
  const held: string[] = [];
  for (let i = 0; i < bytes; i += KEY) held.push(content.toString('latin1', i, i + KEY));
  return { held, bytes };
}
