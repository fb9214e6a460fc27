import { writeSync } from 'node:fs';
import type { DropCounter } from '../transport/drop-counter.ts';
import { BufferedLines } from './buffered-lines.ts';

/**
 * Lines to a file descriptor, collected for up to 20 ms. A reader that stalls costs memory up to 4 MiB, then lines, which
 * are counted; it never stops the application. What is pending at the end of the process is written synchronously.
 */
export class StdoutSink extends BufferedLines {
  readonly #fd: number;
  readonly #format: ((line: string) => string) | undefined;
  #nonBlocking = false;

  /** @param format turns a JSON line into what is written, default as it is */
  constructor(options: { fd?: number; drops: DropCounter; format?: ((line: string) => string) | undefined }) {
    super(options.drops, 'stdout_full');
    this.#fd = options.fd ?? 1;
    this.#format = options.format;
  }

  override write(level: number, line: string): void {
    super.write(level, this.#format === undefined ? line : this.#format(line));
  }

  /** @returns none when a pipe is full; all of it when the descriptor is gone, as nobody can read it */
  protected put(data: string | Buffer, length: number): number {
    if (!this.#nonBlocking && this.#fd === 1) {
      // Opening the stream makes a pipe non-blocking, so that a stalled reader answers EAGAIN.
      this.#nonBlocking = process.stdout.writable;
    }
    try {
      return typeof data === 'string' ? writeSync(this.#fd, data) : writeSync(this.#fd, data);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : length;
    }
  }
}
