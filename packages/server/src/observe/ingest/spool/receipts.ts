import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { IngestAnswer } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { DeliveryClaims } from '../claims.ts';
import type { EntryHeader } from './entry.ts';
import { append, bySpan, type SpanFile, SpanFiles } from './span-files.ts';

const HOUR = 3_600_000;

/** Time for which a delivery is remembered, milliseconds. */
const KEEP = 24 * HOUR;

/** Characters of a key. */
const KEY = 32;

/** Identifies a delivery: the sender's id within its project, as 32 hex digits. */
export function receiptKey(project: string, batchId: string): string {
  return createHash('sha256').update(`${project}\n${batchId}`).digest('hex').slice(0, KEY);
}

/** Place of the answer in an hour's file, by key. */
type Places = Map<string, number>;

/**
 * The answers of the last 24 hours by delivery, in one file an hour. An answer's durable place is its entry in the
 * spool; it is copied here, by `sync`, before the spool forgets the entry.
 */
export class Receipts {
  readonly #hours: SpanFiles<Places>;
  readonly #clock: Clock;
  readonly #claims: Pick<DeliveryClaims, 'once'> | undefined;
  readonly #underway = new Map<string, Promise<IngestAnswer>>();
  /** Answers that are in the spool alone, in order. */
  readonly #pending = new Map<string, { answer: IngestAnswer; at: number }>();

  private constructor(hours: SpanFiles<Places>, clock: Clock, claims: Pick<DeliveryClaims, 'once'> | undefined) {
    this.#hours = hours;
    this.#clock = clock;
    this.#claims = claims;
  }

  /** @param claims of the instances that share a state store; left out = this one is alone */
  static async open(folder: string, clock: Clock, claims?: Pick<DeliveryClaims, 'once'>): Promise<Receipts> {
    const hours = await SpanFiles.open({ folder, ending: 'receipts', spanMs: HOUR, keepMs: KEEP, read: readPlaces });
    const receipts = new Receipts(hours, clock, claims);
    await receipts.#expire();
    return receipts;
  }

  /** Notes the delivery of an entry that a restart found in the spool. */
  recover({ receipt, at }: EntryHeader): void {
    if (receipt) this.#pending.set(receipt.key, { answer: receipt.answer, at });
  }

  /**
   * Runs `take` unless the delivery is known. Deliveries under one key that come at the same time share one run; a
   * failed run leaves no trace.
   */
  async once(key: string, take: () => Promise<IngestAnswer>): Promise<{ answer: IngestAnswer; repeated: boolean }> {
    const known = this.#underway.get(key) ?? this.#find(key);
    if (known) return { answer: await known, repeated: true };
    const run = this.#claims?.once(key, take) ?? take().then((answer) => ({ answer, repeated: false }));
    const answered = run.then(({ answer }) => answer);
    this.#underway.set(key, answered);
    try {
      const answer = await answered;
      this.#pending.set(key, { answer, at: this.#clock.now() });
      return await run;
    } finally {
      this.#underway.delete(key);
    }
  }

  /** The answer to a delivery that is known; undefined when it is not. */
  async find(key: string): Promise<IngestAnswer | undefined> {
    return this.#find(key);
  }

  /** Makes durable what was noted so far. May be called again after it failed; one call at a time. */
  async sync(): Promise<void> {
    for (const [number, noted] of bySpan(this.#pending, ([, { at }]) => at, HOUR)) {
      await write(await this.#hours.at(number), noted);
      for (const [key] of noted) this.#pending.delete(key);
    }
    await this.#expire();
  }

  close(): Promise<void> {
    return this.#hours.close();
  }

  #find(key: string): Promise<IngestAnswer> | undefined {
    const pending = this.#pending.get(key);
    if (pending) return Promise.resolve(pending.answer);
    for (const { file, held } of this.#hours.all()) {
      const place = held.get(key);
      if (place !== undefined) return readAnswer(file, place);
    }
    return undefined;
  }

  async #expire(): Promise<void> {
    const now = this.#clock.now();
    for (const hour of this.#hours.newestFirst()) {
      if (this.#hours.isOver(hour, now)) await this.#hours.drop(hour);
    }
  }
}

/** An answer is whole where its line ends. */
function readPlaces(content: Buffer): { held: Places; bytes: number } {
  const held: Places = new Map();
  let at = 0;
  for (let end = content.indexOf(10, at); end !== -1; end = content.indexOf(10, at)) {
    held.set(content.toString('latin1', at, at + KEY), at + KEY + 1);
    at = end + 1;
  }
  return { held, bytes: at };
}

/** Makes answers durable that the hour does not have; only then are they found there. */
async function write(hour: SpanFile<Places>, noted: readonly [string, { answer: IngestAnswer }][]): Promise<void> {
  const fresh = noted.filter(([key]) => !hour.held.has(key));
  if (fresh.length === 0) return;
  const lines = fresh.map(([key, { answer }]) => Buffer.from(`${key} ${JSON.stringify(answer)}\n`));
  let place = await append(hour, Buffer.concat(lines));
  for (const [i, [key]] of fresh.entries()) {
    hour.held.set(key, place + KEY + 1);
    place += lines[i]?.length ?? 0;
  }
}

async function readAnswer(file: FileHandle, place: number): Promise<IngestAnswer> {
  const chunks: Buffer[] = [];
  for (let at = place; ; at += 4_096) {
    const chunk = Buffer.alloc(4_096);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    const end = chunk.subarray(0, bytesRead).indexOf(10);
    chunks.push(chunk.subarray(0, end === -1 ? bytesRead : end));
    if (end !== -1 || bytesRead === 0) return JSON.parse(Buffer.concat(chunks).toString('utf8')) as IngestAnswer;
  }
}
