import type { DropCounter, DropReason } from '../transport/drop-counter.ts';
import type { Sink } from './sink.ts';

const FLUSH_AT = 16 * 1024;
const FLUSH_AFTER = 20;
const RETRY_AFTER = 50;
const MAX_PENDING = 4 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);
const LINE_FEED = 10;

/** Lines that are collected for up to 20 ms and written together. What cannot be written waits, up to 4 MiB; beyond that lines are dropped and counted. */
export abstract class BufferedLines implements Sink {
  protected readonly drops: DropCounter;
  readonly #reason: DropReason;
  #text = '';
  #rest: Buffer = NOTHING;
  #timer: NodeJS.Timeout | undefined;

  /** @param reason for which lines are dropped that find no room */
  constructor(drops: DropCounter, reason: DropReason) {
    this.drops = drops;
    this.#reason = reason;
  }

  /** Writes as much as is taken now. @returns bytes taken, none to be asked again later; it does not throw */
  protected abstract put(data: string | Buffer, length: number): number;

  write(_level: number, line: string): void {
    if (this.#text.length + this.#rest.length > MAX_PENDING) {
      this.drops.add(this.#reason, 1);
      return;
    }
    this.#text += line;
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

  flushSync(patienceMs: number): void {
    for (let waited = 0; ; waited += 10) {
      this.#drain();
      if (this.#rest.length === 0 || waited >= patienceMs) {
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }

  /** Forgets what waits. @returns its lines */
  protected discard(): number {
    const bytes = Buffer.concat([this.#rest, Buffer.from(this.#text)]);
    this.#rest = NOTHING;
    this.#text = '';
    return bytes.filter((byte) => byte === LINE_FEED).length;
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
    }, delay);
    this.#timer.unref();
  }

  #drain(): void {
    const text = this.#text;
    this.#text = '';
    this.#rest =
      this.#rest.length === 0 ? this.#putText(text) : this.#putAll(Buffer.concat([this.#rest, Buffer.from(text)]));
    if (this.#rest.length > 0 && this.#timer === undefined) {
      this.#schedule(RETRY_AFTER);
    }
  }

  /** The usual case, in which all is taken, needs no copy. */
  #putText(text: string): Buffer {
    if (text === '') {
      return NOTHING;
    }
    const length = Buffer.byteLength(text);
    const taken = this.put(text, length);
    return taken === length ? NOTHING : this.#putAll(Buffer.from(text).subarray(taken));
  }

  /** @returns what was not taken */
  #putAll(bytes: Buffer): Buffer {
    let rest = bytes;
    while (rest.length > 0) {
      const taken = this.put(rest, rest.length);
      if (taken === 0) {
        return rest;
      }
      rest = rest.subarray(taken);
    }
    return NOTHING;
  }
}
