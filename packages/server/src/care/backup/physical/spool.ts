import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../../lib/errors.ts';

const BUFFER = 1 << 16;
/** Bytes that are moved one by one: an object for each slice of them would be larger than they are. */
const FEW = 128;

/** What the file system says where there is no room, or no folder, for temporary files. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'ENOENT']);

/** Whether an error means that nothing can be put into a spool. */
export const isNoRoom = (error: unknown) => NO_ROOM.has(codeOf(error) ?? '');

/**
 * Bytes on disk for as long as a backup runs, in a file without a name: nothing of it is left, also when the process is
 * killed. It is read and written in steps of 64 kB at once; a promise for each of the small things in it would cost more.
 */
export class Spool {
  readonly #folder = mkdtempSync(join(tmpdir(), 'yumops-spool-'));
  readonly #file: number;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER);
  #buffered = 0;
  #written = 0;

  constructor() {
    const path = join(this.#folder, 'spool');
    this.#file = openSync(path, 'w+', 0o600);
    this.#forget();
  }

  get bytes(): number {
    return this.#written + this.#buffered;
  }

  /**
   * Puts the bytes from `from` to before `to` at its end.
   * @throws what the file system says, such as `ENOSPC`
   */
  append(bytes: Uint8Array, from = 0, to = bytes.length): void {
    for (let at = from; at < to; ) {
      if (this.#buffered === BUFFER) this.flush();
      const end = Math.min(to, at + BUFFER - this.#buffered);
      if (end - at <= FEW) while (at < end) this.#buffer[this.#buffered++] = bytes[at++] as number;
      else {
        this.#buffer.set(bytes.subarray(at, end), this.#buffered);
        this.#buffered += end - at;
        at = end;
      }
    }
  }

  /** Fills `into` with the bytes from `at` on. @returns how many there were */
  read(into: Buffer, at: number): number {
    this.flush();
    return readSync(this.#file, into, 0, into.length, at);
  }

  /** All of it. */
  *content(): Generator<Buffer> {
    for (let at = 0; at < this.bytes; at += BUFFER) {
      const piece = Buffer.allocUnsafe(BUFFER);
      yield piece.subarray(0, this.read(piece, at));
    }
  }

  close(): void {
    closeSync(this.#file);
    this.#forget();
  }

  /** Puts everything on disk. */
  flush(): void {
    const end = this.#buffered;
    // What cannot be written is dropped: it must not stand in the way of what is read.
    this.#buffered = 0;
    for (let at = 0; at < end; ) {
      const written = writeSync(this.#file, this.#buffer, at, end - at, this.#written);
      at += written;
      this.#written += written;
    }
  }

  /** Where a file that is open keeps its name, it is removed when it is closed. */
  #forget(): void {
    try {
      rmSync(this.#folder, { recursive: true, force: true });
    } catch {
      // Done again at the end.
    }
  }
}
