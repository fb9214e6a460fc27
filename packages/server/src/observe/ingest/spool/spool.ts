import { type FileHandle, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { syncFolder } from '../../../lib/atomic-file.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { Backlog } from './backlog.ts';
import { type Entry, type EntryHeader, encodeEntryHead } from './entry.ts';
import { type Position, segmentNumber, segmentPath } from './position.ts';
import { type ReadLimits, readEntries, type SegmentRead, scanSegment } from './scan.ts';

export interface SpoolOptions {
  folder: string;
  /** Bound of all segments together, bytes. */
  maxBytes: number;
  /** Size at which a new segment is begun, bytes. */
  segmentBytes: number;
  log: Log;
}

/** An entry to append: its header, its rows, and the CRC-32 of the rows. */
export interface NewEntry {
  header: EntryHeader;
  payload: Uint8Array;
  payloadCrc: number;
  /** May use the share of the spool that is kept free for the platform's own rows. */
  privileged?: boolean;
}

interface Waiting {
  buffers: Uint8Array[];
  bytes: number;
  header: EntryHeader;
  resolve(): void;
  reject(error: unknown): void;
}

/** Share of the bound that only the platform's own rows may use. */
const RESERVE = 0.05;

/** Bytes written before one fsync at most. */
const GROUP_BYTES = 16 * 1024 * 1024;

/**
 * A bounded queue on disk: segment files that are only appended to. `append` resolves when the entry has been
 * fsynced; entries that wait at the same time share one fsync.
 */
export class Spool {
  readonly backlog = new Backlog();
  readonly #options: SpoolOptions;
  /** Usable length of every segment on disk, by number. */
  readonly #ends = new Map<number, number>();
  #active: { segment: number; file: FileHandle; offset: number };
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #flushing: Promise<void> | undefined;
  #closed: YumOpsError | undefined;
  /** Why the last group was not written; bytes of unknown state may stand behind the end of the active segment. */
  #failure: YumOpsError | undefined;
  #reader: { segment: number; file: FileHandle } | undefined;
  #onAppend: () => void = () => {};

  private constructor(options: SpoolOptions, active: { segment: number; file: FileHandle; offset: number }) {
    this.#options = options;
    this.#active = active;
  }

  /**
   * Opens the folder: drops segments that lie wholly before `from`, cuts what a crash left torn, and shows every
   * whole entry from `from` on to `visit`.
   */
  static async open(options: SpoolOptions, from: Position, visit: (header: EntryHeader) => void): Promise<Spool> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const numbers = (await readdir(options.folder))
      .map(segmentNumber)
      .filter((segment) => segment !== undefined)
      .sort((a, b) => a - b);
    const segment = Math.max(numbers.at(-1) ?? 0, from.segment) + 1;
    const spool = new Spool(options, await createSegment(options.folder, segment));
    for (const number of numbers) {
      if (number < from.segment) await rm(segmentPath(options.folder, number));
      else await spool.#recover(number, number === from.segment ? from.offset : 0, visit);
    }
    spool.#ends.set(segment, 0);
    return spool;
  }

  /** Calls `fn` after every append; one listener. */
  onAppend(fn: () => void): void {
    this.#onAppend = fn;
  }

  /** Bytes of all segments on disk and of what waits to be written. */
  bytes(): number {
    let sum = this.#waitingBytes;
    for (const end of this.#ends.values()) sum += end;
    return sum;
  }

  /** Size at which entries without privilege are refused, bytes. */
  get refusalBytes(): number {
    return this.#options.maxBytes * (1 - RESERVE);
  }

  /** Why entries cannot be written at present, as a sentence; undefined when they can. */
  trouble(): string | undefined {
    return this.#failure?.message;
  }

  /**
   * Makes the entry durable.
   * @throws spool_full (429) at the bound, spool_unavailable (503) when the disk refuses
   */
  append(entry: NewEntry): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    const head = encodeEntryHead(entry.header, entry.payload.length, entry.payloadCrc);
    const bytes = head.length + entry.payload.length;
    const bound = entry.privileged ? this.#options.maxBytes : this.refusalBytes;
    if (this.bytes() + bytes > bound) return Promise.reject(spoolFull(this.#options.maxBytes));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ buffers: [head, entry.payload], bytes, header: entry.header, resolve, reject });
      this.#waitingBytes += bytes;
      this.#flushing ??= this.#flush();
    });
  }

  /** Whole durable entries from `position` on, all of one segment; none when there is nothing to read yet. */
  async read(position: Position, limits: Omit<ReadLimits, 'limit'>): Promise<SegmentRead> {
    const limit = this.#ends.get(position.segment) ?? 0;
    if (position.offset >= limit) return { entries: [], end: position.offset, damaged: false };
    const read = await readEntries(await this.#readerOf(position.segment), position.offset, { ...limits, limit });
    if (read.damaged) {
      throw new YumOpsError('spool_damaged', `Segment ${position.segment} is damaged at byte ${read.end}.`);
    }
    return read;
  }

  /**
   * Shows every whole durable entry from `position` on, in order. Reads on its own; what reaches the store and is deleted
   * meanwhile may be left out.
   */
  async walk(position: Position, visit: (entry: Entry) => void): Promise<void> {
    const ends = [...this.#ends].filter(([segment]) => segment >= position.segment).sort(([a], [b]) => a - b);
    for (const [segment, end] of ends) {
      const file = await openKept(segmentPath(this.#options.folder, segment));
      if (file === undefined) continue;
      try {
        await scanSegment(file, segment === position.segment ? position.offset : 0, end, visit);
      } finally {
        await file.close();
      }
    }
  }

  /** `position`, or the start of the next segment when it stands at the end of one that is finished. */
  normalize(position: Position): Position {
    let { segment, offset } = position;
    while (segment < this.#active.segment && offset >= (this.#ends.get(segment) ?? 0)) {
      segment += 1;
      offset = 0;
    }
    return { segment, offset };
  }

  /** Durable bytes from `position` to the end. */
  bytesAfter(position: Position): number {
    let sum = 0;
    for (const [segment, end] of this.#ends) {
      if (segment === position.segment) sum += Math.max(0, end - position.offset);
      else if (segment > position.segment) sum += end;
    }
    return sum;
  }

  /** Forgets entries before `position` and deletes segments that lie wholly before it. */
  async release(position: Position): Promise<void> {
    this.backlog.retire(position);
    for (const segment of [...this.#ends.keys()]) {
      if (segment >= position.segment) continue;
      if (this.#reader?.segment === segment) await this.#closeReader();
      await rm(segmentPath(this.#options.folder, segment), { force: true });
      this.#ends.delete(segment);
    }
  }

  /** Waits until everything that was appended is durable. */
  async settle(): Promise<void> {
    await this.#flushing;
  }

  /** Waits for what was appended and closes the files. */
  async close(): Promise<void> {
    await this.#flushing;
    this.#closed ??= new YumOpsError('spool_closed', 'YumOps is shutting down.', { status: 503, retryAfter: 5 });
    await this.#closeReader();
    await this.#active.file.close();
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#write(group);
      } catch (error) {
        this.#abandon(group, error);
        continue;
      }
      for (const item of group) item.resolve();
      this.#onAppend();
    }
    this.#flushing = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || bytes < GROUP_BYTES)) {
      bytes += (this.#waiting[count] as Waiting).bytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    if (this.#failure) await this.#mend();
    else if (this.#active.offset >= this.#options.segmentBytes) await this.#roll();
    const { file, segment } = this.#active;
    let offset = this.#active.offset;
    await writeFully(
      file,
      group.flatMap((item) => item.buffers),
      offset,
    );
    await file.datasync();
    if (this.#failure) this.#options.log.info('The spool can be written again.', { folder: this.#options.folder });
    this.#failure = undefined;
    for (const { header, bytes } of group) {
      offset += bytes;
      const oldest = header.parts.reduce((least, part) => Math.min(least, part.oldest), header.at);
      this.backlog.add({ segment, offset }, bytes, header.at, oldest);
      this.#waitingBytes -= bytes;
    }
    this.#active.offset = offset;
    this.#ends.set(segment, offset);
  }

  async #roll(): Promise<void> {
    const finished = this.#active.file;
    this.#active = await createSegment(this.#options.folder, this.#active.segment + 1);
    this.#ends.set(this.#active.segment, 0);
    await finished.close();
  }

  /** Cuts off what a failed write or fsync left, and begins a new segment unless nothing stood before it. */
  async #mend(): Promise<void> {
    await this.#active.file.truncate(this.#active.offset);
    await this.#active.file.sync();
    if (this.#active.offset > 0) await this.#roll();
  }

  /** Refuses the group; nothing is known of its bytes, so the next group mends the segment before it is written. */
  #abandon(group: readonly Waiting[], cause: unknown): void {
    const failure = new YumOpsError('spool_unavailable', `The spool cannot be written: ${messageOf(cause)}.`, {
      status: 503,
      retryAfter: 5,
      hint: `Check space and permissions of ${this.#options.folder}.`,
      cause,
    });
    if (!this.#failure) this.#options.log.error(failure.message, { folder: this.#options.folder });
    this.#failure = failure;
    for (const item of group) {
      this.#waitingBytes -= item.bytes;
      item.reject(failure);
    }
  }

  async #recover(segment: number, start: number, visit: (header: EntryHeader) => void): Promise<void> {
    const path = segmentPath(this.#options.folder, segment);
    const { size } = await stat(path);
    const file = await open(path, 'r+');
    try {
      const { end, damaged } = await scanSegment(file, start, size, (entry, offset) => {
        const { header } = entry;
        const oldest = header.parts.reduce((least, part) => Math.min(least, part.oldest), header.at);
        this.backlog.add({ segment, offset }, entry.length, header.at, oldest);
        visit(header);
      });
      if (damaged) {
        const torn = Buffer.alloc(size - end);
        await file.read(torn, 0, torn.length, end);
        await writeFile(`${path}.torn`, torn, { mode: 0o600 });
        await file.truncate(end);
        await file.sync();
        this.#options.log.warn('Cut an unfinished entry off the spool.', { segment, offset: end, bytes: size - end });
      }
      this.#ends.set(segment, end);
    } finally {
      await file.close();
    }
  }

  async #readerOf(segment: number): Promise<FileHandle> {
    if (this.#reader?.segment !== segment) {
      await this.#closeReader();
      this.#reader = { segment, file: await open(segmentPath(this.#options.folder, segment), 'r') };
    }
    return this.#reader.file;
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.file.close();
  }
}

/** Where an empty spool begins. */
export const SPOOL_START: Position = { segment: 1, offset: 0 };

/** @returns undefined when the segment was deleted: all of it is in the store */
async function openKept(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the segment empty: one that an earlier attempt left half made has never held anything durable. */
async function createSegment(folder: string, segment: number) {
  const file = await open(segmentPath(folder, segment), 'w', 0o600);
  try {
    await file.sync();
    await syncFolder(folder);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { segment, file, offset: 0 };
}

async function writeFully(file: FileHandle, buffers: Uint8Array[], position: number): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest.slice(0, 512), at);
    at += bytesWritten;
    rest = dropBytes(rest, bytesWritten);
  }
}

function dropBytes(buffers: Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let index = 0;
  while (index < buffers.length && left >= (buffers[index] as Uint8Array).length) {
    left -= (buffers[index] as Uint8Array).length;
    index += 1;
  }
  const rest = buffers.slice(index);
  if (left > 0) rest[0] = (rest[0] as Uint8Array).subarray(left);
  return rest;
}

function spoolFull(maxBytes: number): YumOpsError {
  return new YumOpsError('spool_full', `The ingest spool is full (${Math.round(maxBytes / 1_048_576)} MiB).`, {
    status: 429,
    retryAfter: 5,
    hint: 'Send it again later. If this lasts, see whether the telemetry store is reachable.',
  });
}
