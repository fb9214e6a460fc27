import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { IngestAnswer } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
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
 * spool; it is written here as well, and synced before the spool forgets the entry.
 */
export class Receipts {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #hours = new Map<number, Hour>();
  readonly #underway = new Map<string, Promise<IngestAnswer>>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  static async open(folder: string, clock: Clock): Promise<Receipts> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const receipts = new Receipts(folder, clock);
    for (const name of await readdir(folder)) {
      const match = /^(\d+)\.receipts$/.exec(name);
      if (match) await receipts.#load(Number(match[1]));
    }
    await receipts.#expire();
    return receipts;
  }

  /** Notes the delivery of an entry that a restart found in the spool. */
  recover(header: EntryHeader): void {
    if (header.receipt) void this.#note(header.receipt.key, header.receipt.answer, header.at);
  }

  /**
   * Runs `take` unless the delivery is known. Deliveries under one key that come at the same time share one run; a
   * failed run leaves no trace.
   */
  async once(key: string, take: () => Promise<IngestAnswer>): Promise<{ answer: IngestAnswer; repeated: boolean }> {
    const running = this.#underway.get(key);
    if (running) return { answer: await running, repeated: true };
    const known = this.#find(key);
    if (known) return { answer: await known, repeated: true };
    const run = take();
    this.#underway.set(key, run);
    try {
      const answer = await run;
      await this.#note(key, answer, this.#clock.now());
      return { answer, repeated: false };
    } finally {
      this.#underway.delete(key);
    }
  }

  /** Makes durable what was noted so far. */
  async sync(): Promise<void> {
    await this.#writing;
    await Promise.all([...this.#hours.values()].map(({ file }) => file.datasync()));
    await this.#expire();
  }

  async close(): Promise<void> {
    await this.sync();
    for (const { file } of this.#hours.values()) await file.close();
  }

  #find(key: string): Promise<IngestAnswer> | undefined {
    for (const hour of this.#hours.values()) {
      const place = hour.places.get(key);
      if (place !== undefined) return this.#writing.then(() => readAnswer(hour.file, place));
    }
    return undefined;
  }

  #note(key: string, answer: IngestAnswer, at: number): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const hour = await this.#hour(Math.floor(at / HOUR));
      if (hour.places.has(key)) return;
      const line = Buffer.from(`${key} ${JSON.stringify(answer)}\n`);
      await hour.file.write(line, 0, line.length, hour.bytes);
      hour.places.set(key, hour.bytes + key.length + 1);
      hour.bytes += line.length;
    });
    return this.#writing;
  }

  async #hour(number: number): Promise<Hour> {
    const known = this.#hours.get(number);
    if (known) return known;
    const hour = { file: await open(this.#path(number), 'a+', 0o600), bytes: 0, places: new Map<string, number>() };
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
