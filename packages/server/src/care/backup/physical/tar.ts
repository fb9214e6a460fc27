import { YumOpsError } from '../../../lib/errors.ts';

/** What a tar archive holds, in order. `data` belongs to the last `file`, which `end` closes. */
export type TarEvent =
  | { kind: 'file'; path: string; size: number; mode: number }
  | { kind: 'data'; bytes: Buffer }
  | { kind: 'end' }
  | { kind: 'folder'; path: string; mode: number }
  | { kind: 'link'; path: string; target: string };

const BLOCK = 512;

/**
 * Reads a POSIX tar stream (the `ustar` form that PostgreSQL writes) as it arrives.
 * @throws YumOpsError `tar_damaged` for a header whose sum is wrong, an unknown entry, or an early end
 */
export class TarReader {
  readonly #header = Buffer.alloc(BLOCK);
  #have = 0;
  /** Bytes of the file, then of its padding, still to come. */
  #left = 0;
  #padding = 0;
  #ended = false;

  /** Bytes until what is being read ends: a header, or a file with its padding. */
  get pending(): number {
    return this.#left + this.#padding || BLOCK - this.#have;
  }

  /** Whether the next byte begins an entry. */
  get isBetween(): boolean {
    return this.pending === BLOCK && this.#left + this.#padding === 0;
  }

  /** Takes the next bytes and gives what they hold. Slices refer to `bytes`. */
  *read(bytes: Buffer): Generator<TarEvent> {
    let i = 0;
    while (i < bytes.length) {
      if (this.#left > 0) {
        const n = Math.min(this.#left, bytes.length - i);
        yield { kind: 'data', bytes: bytes.subarray(i, i + n) };
        i += n;
        this.#left -= n;
        if (this.#left === 0) yield { kind: 'end' };
      } else if (this.#padding > 0) {
        const n = Math.min(this.#padding, bytes.length - i);
        i += n;
        this.#padding -= n;
      } else {
        const n = bytes.copy(this.#header, this.#have, i, Math.min(bytes.length, i + BLOCK - this.#have));
        i += n;
        this.#have += n;
        if (this.#have === BLOCK) yield* this.#entry();
      }
    }
  }

  /** To be called when the stream has ended. The server may leave the two empty blocks at the end out. */
  finish(): void {
    if (this.#left > 0 || this.#have > 0) throw damaged('it ends in the middle of an entry');
  }

  *#entry(): Generator<TarEvent> {
    this.#have = 0;
    const header = this.#header;
    if (header.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    if (this.#ended) throw damaged('entries follow its end');
    checkSum(header);
    const path = pathOf(header);
    const mode = numberOf(header, 100, 8) & 0o777;
    const type = String.fromCharCode(header[156] as number);
    if (type === '5') yield { kind: 'folder', path: path.replace(/\/$/, ''), mode };
    else if (type === '2') yield { kind: 'link', path, target: textOf(header, 157, 100) };
    else if (type === '0' || type === '\0') {
      const size = numberOf(header, 124, 12);
      this.#left = size;
      this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
      yield { kind: 'file', path, size, mode };
      if (size === 0) yield { kind: 'end' };
    } else throw damaged(`the entry "${path}" is of the unknown kind "${type}"`);
  }
}

/** The entry of a path, safe to be joined to a folder. */
function pathOf(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textOf(header, 345, 155) : '';
  const path = (prefix === '' ? '' : `${prefix}/`) + textOf(header, 0, 100);
  const parts = path.replace(/^\.\//, '').split('/');
  if (path.startsWith('/') || parts.includes('..')) throw damaged(`the path "${path}" leads out of the folder`);
  return parts.join('/');
}

function textOf(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal digits, or base 256 when the first bit is set, as for files over 8 GB. */
function numberOf(header: Buffer, at: number, length: number): number {
  if ((header[at] as number) & 0x80) {
    let value = 0n;
    for (let i = at + 1; i < at + length; i++) value = (value << 8n) | BigInt(header[i] as number);
    return Number(value);
  }
  return Number.parseInt(textOf(header, at, length).trim() || '0', 8);
}

function checkSum(header: Buffer): void {
  const written = numberOf(header, 148, 8);
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i] as number;
  if (sum !== written) throw damaged('a header does not match its sum');
}

function damaged(why: string): YumOpsError {
  return new YumOpsError('tar_damaged', `The archive of the base backup is damaged: ${why}.`);
}
