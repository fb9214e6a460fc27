import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmdirSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DropCounter } from '../transport/drop-counter.ts';
import { BufferedLines } from './buffered-lines.ts';
import { describe } from './record-writer.ts';

export interface FileOptions {
  /** The file that is written; its folder is made if need be. Older ones are `<path>.1` (the newest), `<path>.2` and so on. */
  path: string;
  /** Size from which on a new file is begun, bytes, default 50 MiB. A record is never divided. */
  maxBytes?: number;
  /** Older files that are kept, default 5. */
  maxFiles?: number;
}

const LINE_FEED = 10;
/** Pause after a failure, milliseconds. */
const RETRY_AFTER = 1000;
/** Age from which on the lock of a rotation is that of a process that died, milliseconds. */
const STALE_AFTER = 10_000;
const MAX_BYTES = 50 * 1024 * 1024;
const MAX_FILES = 5;

interface Open {
  fd: number;
  ino: number;
  size: number;
  /** The last byte ended no line: part of one was taken. */
  torn: boolean;
}

/**
 * Lines to a file, which is renamed when it is full. While it cannot be written (disk full, no right) lines wait up to 4 MiB, then they are
 * dropped and counted; it is tried again every second.
 */
export class FileSink extends BufferedLines {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #warn: (message: string) => void;
  #open: Open | undefined;
  #quietUntil = 0;
  #failing = false;
  #closed = false;

  constructor(options: FileOptions & { drops: DropCounter; warn: (message: string) => void }) {
    super(options.drops, 'file_failed');
    this.#path = options.path;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#maxFiles = options.maxFiles ?? MAX_FILES;
    this.#warn = options.warn;
  }

  override write(level: number, line: string): void {
    if (this.#closed) {
      this.drops.add('closed', 1);
    } else {
      super.write(level, line);
    }
  }

  override async close(timeoutMs: number): Promise<boolean> {
    const empty = await this.flush(timeoutMs);
    this.#closed = true;
    this.giveUp();
    this.#shut();
    return empty;
  }

  override flushSync(patienceMs: number): void {
    this.#quietUntil = 0;
    super.flushSync(patienceMs);
  }

  giveUp(): void {
    this.#abandon();
  }

  /** What the file did not take by the end it never takes. */
  deliverSync(): boolean {
    return this.#abandon() === 0;
  }

  #abandon(): number {
    const lost = this.discard();
    if (lost > 0) {
      this.drops.add('file_failed', lost);
      this.#warn(`${lost} records could not be written to ${this.#path}`);
    }
    return lost;
  }

  protected put(data: string | Buffer): number {
    if (performance.now() < this.#quietUntil) {
      return 0;
    }
    try {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      const { file, end } = this.#roomFor(bytes);
      const taken = writeSync(file.fd, bytes, 0, end);
      file.size += taken;
      file.torn = bytes[taken - 1] !== LINE_FEED;
      this.#failing = false;
      return taken;
    } catch (error) {
      this.#failed(error);
      return 0;
    }
  }

  /** The file to write to, and how much of the bytes belongs into it: whole lines. */
  #roomFor(bytes: Buffer): { file: Open; end: number } {
    const file = this.#opened();
    const room = this.#maxBytes - file.size;
    if (bytes.length <= room || file.torn) {
      return { file, end: file.torn ? bytes.indexOf(LINE_FEED) + 1 : bytes.length };
    }
    const end = room > 0 ? bytes.lastIndexOf(LINE_FEED, room - 1) + 1 : 0;
    if (end > 0 || file.size === 0) {
      return { file, end: end > 0 ? end : bytes.indexOf(LINE_FEED) + 1 };
    }
    // While another process renames the files, this one goes on with the full one.
    return this.#rotate() ? this.#roomFor(bytes) : { file, end: bytes.length };
  }

  #opened(): Open {
    if (this.#open !== undefined && !this.#open.torn) {
      const there = statSync(this.#path, { throwIfNoEntry: false });
      if (there?.ino === this.#open.ino) {
        // Other processes may write to it too.
        this.#open.size = there.size;
      } else {
        // Renamed by somebody else, or removed: nobody would find what is written there.
        this.#shut();
      }
    }
    if (this.#open === undefined) {
      mkdirSync(dirname(this.#path), { recursive: true });
      const fd = openSync(this.#path, 'a', 0o640);
      const { ino, size } = fstatSync(fd);
      this.#open = { fd, ino, size, torn: false };
    }
    return this.#open;
  }

  /** Two processes that rename at once would put one older file in the place of another. @returns whether none else was at it */
  #rotate(): boolean {
    const lock = `${this.#path}.lock`;
    if (!locked(lock)) {
      return false;
    }
    try {
      if (statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#open?.ino) {
        for (let n = this.#maxFiles - 1; n > 0; n--) {
          moveIfThere(`${this.#path}.${n}`, `${this.#path}.${n + 1}`);
        }
        moveIfThere(this.#path, `${this.#path}.1`);
      }
    } finally {
      rmdirSync(lock);
    }
    this.#shut();
    return true;
  }

  #shut(): void {
    if (this.#open !== undefined) {
      const { fd } = this.#open;
      this.#open = undefined;
      closeSync(fd);
    }
  }

  #failed(error: unknown): void {
    this.#quietUntil = performance.now() + RETRY_AFTER;
    if (!this.#failing) {
      this.#failing = true;
      this.#warn(`${this.#path} cannot be written: ${describe(error)}`);
    }
    // A file that is full of half a line goes on with the other half; others may be there again under the same name.
    if (this.#open?.torn !== true) {
      try {
        this.#shut();
      } catch {
        // It was closed by somebody else, who was told of the failure above.
      }
    }
  }
}

/** Takes a lock that is a folder. */
function locked(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
  const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (made !== undefined && Math.abs(Date.now() - made) > STALE_AFTER) {
    rmdirSync(lock);
  }
  return false;
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
}
