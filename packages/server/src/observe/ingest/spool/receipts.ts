import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { IngestAnswer } from '@yumops/protocol';
import { openDurably } from '../../../lib/atomic-file.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { DeliveryClaims } from '../claims.ts';
import type { EntryHeader } from './entry.ts';

const HOUR = 3_600_000;

/** Time for which a delivery is remembered, milliseconds. */
const KEEP = 24 * HOUR;

/** Identifies a delivery: the sender's id within its project, as 32 hex digits. */
export function receiptKey(project: string, batchId: string): string {
  return createHash('sha256').update(`${project}\n${batchId}`).digest('hex').slice(0, 32);
}

interface Hour {
  file: FileHandle;
  bytes: number;
  /** Place of the answer in the file, by key. */
  places: Map<string, number>;
}

/**
 * The answers of the last 24 hours by delivery, in one file an hour. An answer's durable place is its entry in the
 * spool; it is copied here, by `sync`, before the spool forgets the entry.
 */
export class Receipts {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #hours = new Map<number, Hour>();
  readonly #claims: Pick<DeliveryClaims, 'once'> | undefined;
  readonly #underway = new Map<string, Promise<IngestAnswer>>();
  /** Answers that are in the spool alone, in order. */
  readonly #pending = new Map<string, { answer: IngestAnswer; at: number }>();

  private constructor(folder: string, clock: Clock, claims: Pick<DeliveryClaims, 'once'> | undefined) {
    this.#folder = folder;
    this.#clock = clock;
    this.#claims = claims;
  }

  /** @param claims of the instances that share a state store; left out = this one is alone */
  static async open(folder: string, clock: Clock, claims?: Pick<DeliveryClaims, 'once'>): Promise<Receipts> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const receipts = new Receipts(folder, clock, claims);
    for (const name of await readdir(folder)) {
      const match = /^(\d+)\.receipts$/.exec(name);
      if (match) await receipts.#load(Number(match[1]));
    }
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
    const noted = new Map<number, [string, IngestAnswer][]>();
    for (const [key, { answer, at }] of this.#pending) {
      const number = Math.floor(at / HOUR);
      const answers = noted.get(number) ?? [];
      answers.push([key, answer]);
      noted.set(number, answers);
    }
    for (const [number, answers] of noted) {
      await append(await this.#hour(number), answers);
      for (const [key] of answers) this.#pending.delete(key);
    }
    await this.#expire();
  }

  async close(): Promise<void> {
    for (const { file } of this.#hours.values()) await file.close();
  }

  #find(key: string): Promise<IngestAnswer> | undefined {
    const pending = this.#pending.get(key);
    if (pending) return Promise.resolve(pending.answer);
    for (const hour of this.#hours.values()) {
      const place = hour.places.get(key);
      if (place !== undefined) return readAnswer(hour.file, place);
    }
    return undefined;
  }

  async #hour(number: number): Promise<Hour> {
    const known = this.#hours.get(number);
    if (known) return known;
    const file = await openDurably(this.#path(number));
    const hour = { file, bytes: 0, places: new Map<string, number>() };
    this.#hours.set(number, hour);
    return hour;
  }

  async #load(number: number): Promise<void> {
    const content = await readFile(this.#path(number));
    const file = await open(this.#path(number), 'r+');
    const places = new Map<string, number>();
    let at = 0;
    for (let end = content.indexOf(10, at); end !== -1; end = content.indexOf(10, at)) {
      places.set(content.toString('latin1', at, at + 32), at + 33);
      at = end + 1;
    }
    await file.truncate(at);
    this.#hours.set(number, { file, bytes: at, places });
  }

  async #expire(): Promise<void> {
    const oldest = Math.floor((this.#clock.now() - KEEP) / HOUR);
    for (const [number, { file }] of this.#hours) {
      if (number >= oldest) continue;
      this.#hours.delete(number);
      await file.close();
      await rm(this.#path(number), { force: true });
    }
  }

  #path(hour: number): string {
    return join(this.#folder, `${hour}.receipts`);
  }
}

/**
 * Writes answers behind what is durable. They count once they are synced: after a failed sync the next call writes the
 * same bytes again, because the system may have dropped them.
 */
async function append(hour: Hour, answers: readonly [string, IngestAnswer][]): Promise<void> {
  const places: [string, number][] = [];
  const lines: Buffer[] = [];
  let end = hour.bytes;
  for (const [key, answer] of answers) {
    if (hour.places.has(key)) continue;
    const line = Buffer.from(`${key} ${JSON.stringify(answer)}\n`);
    places.push([key, end + key.length + 1]);
    lines.push(line);
    end += line.length;
  }
  if (lines.length === 0) return;
  const { bytesWritten } = await hour.file.write(Buffer.concat(lines), 0, end - hour.bytes, hour.bytes);
  if (bytesWritten < end - hour.bytes) throw new Error('The receipts were not written as a whole.');
  await hour.file.datasync();
  for (const [key, place] of places) hour.places.set(key, place);
  hour.bytes = end;
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
