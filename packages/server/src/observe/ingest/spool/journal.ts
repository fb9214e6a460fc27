import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import { backoff } from '../../../lib/backoff.ts';
import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random, randomHex } from '../../../lib/random.ts';
import { applyRecord, emptyJournal, type JournalRecord, type JournalState } from './journal-state.ts';
import type { Position } from './position.ts';

/** Size at which the journal is replaced by its state, bytes. */
const ROTATE_BYTES = 256 * 1024;

const RETRY = { base: 250, cap: 10_000 };

interface Deps {
  clock: Clock;
  log: Log;
}

/**
 * What was cut from the spool, and what of it has been answered: a file of lines `crc32 json`, the first of them a
 * state, the others the records since. Ranges are retired in the order in which they were cut.
 */
export class Journal {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #file: FileHandle;
  #bytes: number;
  #state: JournalState;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, first: { file: FileHandle; bytes: number }, state: JournalState, deps: Deps) {
    this.#path = path;
    this.#file = first.file;
    this.#bytes = first.bytes;
    this.#state = state;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Opens the journal of the folder, or begins one. A line torn by a crash is cut off. */
  static async open(folder: string, start: Position, clock: Clock, log: Log): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'journal');
    const state = (await readJournal(path)) ?? emptyJournal(randomHex(12), start);
    return new Journal(path, await replace(path, state), state, { clock, log });
  }

  get state(): JournalState {
    return this.#state;
  }

  /**
   * Adds a record; when the promise resolves it and all before it are durable. While the disk refuses it is tried
   * again, so it rejects only when the journal is closed.
   */
  write(record: JournalRecord): Promise<void> {
    this.#state = applyRecord(this.#state, record);
    const state = this.#state;
    this.#writing = this.#writing.then(() => this.#persist(record, state));
    return this.#writing;
  }

  async #persist(record: JournalRecord, state: JournalState): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        if (attempt === 0 && this.#bytes <= ROTATE_BYTES) await this.#append(record);
        else await this.#rotate(state);
        return;
      } catch (error) {
        this.#log.error('The ingest journal cannot be written.', { path: this.#path, reason: messageOf(error) });
        await this.#clock.sleep(backoff(attempt, RETRY, random()), this.#closing.signal);
      }
    }
  }

  async #append(record: JournalRecord): Promise<void> {
    const line = encodeLine(record);
    await this.#file.write(line);
    await this.#file.datasync();
    this.#bytes += line.length;
  }

  async #rotate(state: JournalState): Promise<void> {
    const next = await replace(this.#path, state);
    const old = this.#file;
    this.#file = next.file;
    this.#bytes = next.bytes;
    await old.close();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The journal is closed.'));
    await this.#writing.catch(() => {});
    await this.#file.close();
  }
}

async function readJournal(path: string): Promise<JournalState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  let state: JournalState | undefined;
  for (const line of text.split('\n')) {
    const record = decodeLine(line);
    if (record === undefined) break;
    state = state ? applyRecord(state, record as JournalRecord) : (record as JournalState);
  }
  if (!state) throw new YumOpsError('journal_damaged', `${path} has no readable state.`);
  return state;
}

async function replace(path: string, state: JournalState): Promise<{ file: FileHandle; bytes: number }> {
  const line = encodeLine(state);
  await writeFileAtomic(path, line);
  return { file: await open(path, 'a', 0o600), bytes: line.length };
}

function encodeLine(record: JournalRecord | JournalState): Buffer {
  const json = JSON.stringify(record);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json}\n`);
}

function decodeLine(line: string): unknown {
  const json = line.slice(9);
  if (Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined;
  return JSON.parse(json);
}
