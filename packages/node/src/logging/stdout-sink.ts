import { writeSync } from 'node:fs';
import type { DropCounter } from '../transport/drop-counter.ts';
import type { Sink } from './logger.ts';

const FLUSH_AT = 16 * 1024;
const FLUSH_AFTER = 20;
const RETRY_AFTER = 50;
const MAX_PENDING = 4 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** Runs one write. @returns bytes taken, none when a pipe is full; all of them when the descriptor is gone, as nobody can read them */
function attempt(write: () => number, length: number): number {
  try {
    return write();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : length;
  }
}

/** Writes as much as the descriptor takes now. @returns what it did not take */
function writeSome(fd: number, bytes: Buffer): Buffer {
  let rest = bytes;
  while (rest.length > 0) {
    const taken = attempt(() => writeSync(fd, rest), rest.length);
    if (taken === 0) {
      return rest;
    }
    rest = rest.subarray(taken);
  }
  return NOTHING;
}

/** As {@link writeSome}; the usual case, in which all is taken, needs no copy. */
function writeText(fd: number, text: string): Buffer {
  const length = Buffer.byteLength(text);
  const taken = attempt(() => writeSync(fd, text), length);
  return taken === length ? NOTHING : writeSome(fd, Buffer.from(text).subarray(taken));
}

/**
 * Lines to a file descriptor, collected for up to 20 ms. A reader that stalls costs memory up to 4 MiB, then lines, which
 * are counted; it never stops the application. What is pending at the end of the process is written synchronously.
 */
export class StdoutSink implements Sink {
  readonly #fd: number;
  readonly #drops: DropCounter;
  readonly #format: (line: string) => string;
  #text = '';
  #rest: Buffer = NOTHING;
  #timer: NodeJS.Timeout | undefined;
  #nonBlocking = false;

  /** @param format turns a JSON line into what is written, default as it is */
  constructor(options: { fd?: number; drops: DropCounter; format?: (line: string) => string }) {
    this.#fd = options.fd ?? 1;
    this.#drops = options.drops;
    this.#format = options.format ?? ((line) => line);
  }

  write(_level: number, line: string): void {
    if (this.#text.length + this.#rest.length > MAX_PENDING) {
      this.#drops.add('stdout_full', 1);
      return;
    }
    this.#text += this.#format(line);
    if (this.#text.length >= FLUSH_AT && this.#rest.length === 0) {
      this.#drain();
    } else if (this.#timer === undefined) {
      this.#schedule(FLUSH_AFTER);
    }
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    this.#drain();
    while (this.#rest.length > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      this.#drain();
    }
    return this.#rest.length === 0;
  }

  close(timeoutMs: number): Promise<boolean> {
    return this.flush(timeoutMs);
  }

  /** For the very end of the process: writes what is pending, waiting up to half a second for a slow reader. */
  flushSync(): void {
    for (let attempt = 0; attempt < 50; attempt++) {
      this.#drain();
      if (this.#rest.length === 0) {
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
    }, delay);
    this.#timer.unref();
  }

  #drain(): void {
    if (!this.#nonBlocking && this.#fd === 1) {
      // Opening the stream makes a pipe non-blocking, so that a stalled reader answers EAGAIN.
      this.#nonBlocking = process.stdout.writable;
    }
    const text = this.#text;
    this.#text = '';
    this.#rest =
      this.#rest.length === 0
        ? writeText(this.#fd, text)
        : writeSome(this.#fd, Buffer.concat([this.#rest, Buffer.from(text)]));
    if (this.#rest.length > 0 && this.#timer === undefined) {
      this.#schedule(RETRY_AFTER);
    }
  }
}
