/** A byte buffer that grows. Reused: `reset` empties it and keeps its memory. */
export class ByteWriter {
  #buffer: Buffer;
  length = 0;

  /** @param capacity first size, bytes */
  constructor(capacity = 4_096) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  reset(): void {
    this.length = 0;
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Appends `bytes[start, end)`. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size);
    const target = this.#buffer;
    let at = this.length;
    if (size < 40) {
      for (let i = start; i < end; i += 1) {
        target[at] = bytes[i] as number;
        at += 1;
      }
    } else {
      target.set(bytes.subarray(start, end), at);
    }
    this.length += size;
  }

  /** Appends text of ASCII characters only. */
  ascii(text: string): void {
    const size = text.length;
    this.#reserve(size);
    if (size < 24) {
      for (let i = 0; i < size; i += 1) this.#buffer[this.length + i] = text.charCodeAt(i);
    } else {
      this.#buffer.write(text, this.length, 'latin1');
    }
    this.length += size;
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.length += this.#buffer.write(text, this.length, 'utf8');
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.length] = value;
    this.length += 1;
  }

  /** A view of what was written; valid until the next change. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  #reserve(size: number): void {
    if (this.length + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.length + size));
    this.#buffer.copy(larger, 0, 0, this.length);
    this.#buffer = larger;
  }
}
