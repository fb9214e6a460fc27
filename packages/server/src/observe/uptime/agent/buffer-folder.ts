import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Seal } from '../../../lib/seal.ts';
import type { AgentBuffer, BufferState } from './outbox.ts';
import type { AgentResult } from './wire.ts';

const SEGMENT_BYTES = 4 * 1024 * 1024;
const SEGMENT = /^results-(\d{15})\.ndjson$/;
const COUNT_WIDTH = 16;
const FILE_MODE = 0o600;

const dataSync = promisify(fdatasync);

/**
 * Opens the folder in which an agent keeps what must outlive it, and makes it where there is none. One process at a time
 * may have it: the caller sees to that.
 * @param seal closes the assignment, which holds the secrets of monitors
 * @param newId names the agent of a new folder
 */
export function openAgentBuffer(folder: string, seal: Seal, newId: () => string): AgentBuffer {
  return new BufferFolder(folder, seal, newId);
}

/**
 * What an agent has not delivered yet, on disk: results in segments, each line one result, and how far the platform has
 * them. A result is in the page cache before the check counts as made, so that it outlives the process; `sync` makes it
 * outlive the machine.
 */
class BufferFolder implements AgentBuffer {
  readonly agentId: string;
  readonly restored: BufferState;
  readonly assignment: string | null;
  readonly #folder: string;
  readonly #seal: Seal;
  /** First sequence numbers, in order. */
  readonly #segments: number[];
  #open: { fd: number; bytes: number } | null = null;
  #counts: number;
  #syncing: Promise<void> = Promise.resolve();
  #isDirty = false;
  #trouble: string | null = null;

  constructor(folder: string, seal: Seal, newId: () => string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#seal = seal;
    this.agentId = this.#readOr('agent', () => {
      const id = newId();
      writeFileSync(join(folder, 'agent'), id, { mode: FILE_MODE });
      return id;
    });
    const [confirmed = 0, dropped = 0] = this.#readOr('counts', () => '')
      .split(' ')
      .filter(Boolean)
      .map(Number);
    this.#segments = readdirSync(folder)
      .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    const read = this.#segments.map((first) => readSegment(this.#path(first)));
    const results = read.flatMap(({ results: one }) => one).filter(({ sequence }) => sequence > confirmed);
    const torn = read.reduce((sum, one) => sum + one.torn, 0);
    const sequence = Math.max(confirmed, read.at(-1)?.last ?? 0, results.at(-1)?.sequence ?? 0);
    this.restored = { results, sequence, dropped: dropped + torn };
    this.assignment = this.#openAssignment();
    this.#counts = openSync(join(folder, 'counts'), constants.O_RDWR | constants.O_CREAT, FILE_MODE);
    this.#writeCounts(confirmed, dropped + torn);
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  append(sequence: number, line: string): void {
    this.#attempt(() => {
      if (!this.#open || this.#open.bytes >= SEGMENT_BYTES) this.#begin(sequence);
      const open = this.#open as { fd: number; bytes: number };
      const bytes = Buffer.from(`${line}\n`);
      const written = writeSync(open.fd, bytes);
      if (written < bytes.length) throw new Error('the disk took a part of a result only');
      open.bytes += bytes.length;
    });
  }

  forget(upTo: number, dropped: number): void {
    this.#attempt(() => {
      this.#writeCounts(upTo, dropped);
      while (this.#segments.length > 1 && (this.#segments[1] as number) <= upTo + 1) {
        rmSync(this.#path(this.#segments.shift() as number), { force: true });
      }
    });
  }

  async sync(): Promise<void> {
    if (!this.#isDirty) return this.#syncing;
    this.#isDirty = false;
    const files = [this.#counts, ...(this.#open ? [this.#open.fd] : [])];
    this.#syncing = this.#syncing
      .then(() => Promise.all(files.map((fd) => dataSync(fd))))
      .then(() => undefined)
      .catch((error: unknown) => this.#failed(error));
    return this.#syncing;
  }

  async saveAssignment(text: string): Promise<void> {
    try {
      await writeFileAtomic(join(this.#folder, 'assignment'), this.#seal.close(text, 'assignment'));
    } catch (error) {
      this.#failed(error);
    }
  }

  async close(): Promise<void> {
    await this.sync();
    if (this.#open) closeSync(this.#open.fd);
    closeSync(this.#counts);
    this.#open = null;
  }

  /** Begins a segment. The one before is made safe at once, for nobody will sync it again. */
  #begin(first: number): void {
    const before = this.#open;
    this.#open = { fd: openSync(this.#path(first), 'a', FILE_MODE), bytes: 0 };
    this.#segments.push(first);
    if (!before) return;
    fdatasyncSync(before.fd);
    void this.#syncing.then(() => closeSync(before.fd));
  }

  /** A disk that takes nothing must not end the checks: what is not on it is in memory, and that is said. */
  #attempt(work: () => void): void {
    try {
      work();
      this.#isDirty = true;
      this.#trouble = null;
    } catch (error) {
      this.#failed(error);
      this.#giveUpSegment();
    }
  }

  /** What was written of a line stays; the next one begins in a file of its own. */
  #giveUpSegment(): void {
    const broken = this.#open;
    this.#open = null;
    if (!broken) return;
    void this.#syncing.then(() => closeSync(broken.fd));
    if (broken.bytes === 0) rmSync(this.#path(this.#segments.pop() as number), { force: true });
  }

  #failed(error: unknown): void {
    this.#trouble = `Results are kept in memory alone, ${this.#folder} takes none: ${messageOf(error)}`;
  }

  #writeCounts(confirmed: number, dropped: number): void {
    const text = [confirmed, dropped].map((count) => String(count).padStart(COUNT_WIDTH, ' ')).join(' ');
    writeSync(this.#counts, `${text}\n`, 0);
  }

  /** Null where there is none, and where it was sealed with another token. */
  #openAssignment(): string | null {
    try {
      return this.#seal.open(readFileSync(join(this.#folder, 'assignment')), 'assignment');
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'seal_broken') return null;
      throw error;
    }
  }

  #path(first: number): string {
    return join(this.#folder, `results-${String(first).padStart(15, '0')}.ndjson`);
  }

  #readOr(name: string, otherwise: () => string): string {
    try {
      return readFileSync(join(this.#folder, name), 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return otherwise();
    }
  }
}

/** The results of a segment; `torn` = lines that a crash of the machine left half, `last` = the highest number. */
function readSegment(path: string): { results: AgentResult[]; torn: number; last: number } {
  const results: AgentResult[] = [];
  let torn = 0;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    try {
      results.push(JSON.parse(line) as AgentResult);
    } catch {
      torn += 1;
    }
  }
  return { results, torn, last: results.at(-1)?.sequence ?? 0 };
}
