import { createCipheriv } from 'node:crypto';

/** Pieces that a page is cut into: 512 bytes each, of the server's usual 8 kB. */
export const PIECES = 16;
/** Bytes of a piece's hash. */
export const HASH_BYTES = 6;
/** Bytes of the secret that hashes are keyed with. */
export const SECRET_BYTES = 32;

/** The largest prime below 2^24. */
const PRIME = 2 ** 24 - 3;
/** Bits of a factor, so that so many products with 16 bits add up exactly in a double. */
const FACTOR_BITS = 28;
const WORDS_AT_ONCE = 256;

/**
 * Keyed hashes of the pieces of a page: two sums of its 16-bit words, each word times a secret factor, modulo a prime.
 * Two pieces that differ have the same hash with a probability of 2^-48 whatever they hold, as long as the factors are not
 * known (universal hashing: Carter and Wegman 1979, multilinear). It needs no more: hashes stand in sealed objects only, and
 * whether pages are what they were is judged by the server's own SHA-256. A hash of the system's
 * library for each piece takes three times the processor time, most of it for the calls.
 */
export class PieceHash {
  /** To be filled with a page. */
  readonly page: Buffer;
  readonly #words: Uint16Array;
  readonly #perPiece: number;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #sums = new Float64Array(2);

  /** @param pageBytes a multiple of 128; PostgreSQL knows 1 kB to 32 kB */
  constructor(secret: Buffer, pageBytes: number) {
    const memory = new ArrayBuffer(pageBytes);
    this.page = Buffer.from(memory);
    this.#words = new Uint16Array(memory);
    this.#perPiece = pageBytes / PIECES / 2;
    const stream = createCipheriv('aes-256-ctr', secret, Buffer.alloc(16)).update(Buffer.alloc(8 * this.#perPiece));
    const factors = Float64Array.from(
      { length: 2 * this.#perPiece },
      (_, n) => stream.readUInt32LE(4 * n) >>> (32 - FACTOR_BITS),
    );
    this.#first = factors.subarray(0, this.#perPiece);
    this.#second = factors.subarray(this.#perPiece);
  }

  /** Hashes the pieces of `page` one after the other into `into`, `PIECES * HASH_BYTES` bytes. */
  hash(into: Buffer): void {
    for (let piece = 0; piece < PIECES; piece++) {
      this.#sums[0] = 0;
      this.#sums[1] = 0;
      for (let at = 0; at < this.#perPiece; at += WORDS_AT_ONCE) {
        this.#add(piece * this.#perPiece, at, Math.min(at + WORDS_AT_ONCE, this.#perPiece));
      }
      put(into, piece * HASH_BYTES, this.#sums[0] as number);
      put(into, piece * HASH_BYTES + HASH_BYTES / 2, this.#sums[1] as number);
    }
  }

  /** Adds words to both sums; each is at most 2^52 before it is reduced. Sums that do not wait for each other are faster. */
  #add(from: number, start: number, end: number): void {
    const words = this.#words;
    const first = this.#first;
    const second = this.#second;
    let even = 0;
    let odd = 0;
    let secondEven = 0;
    let secondOdd = 0;
    for (let at = start; at < end; at += 4) {
      const a = words[from + at] as number;
      const b = words[from + at + 1] as number;
      const c = words[from + at + 2] as number;
      const d = words[from + at + 3] as number;
      even += a * (first[at] as number) + b * (first[at + 1] as number);
      odd += c * (first[at + 2] as number) + d * (first[at + 3] as number);
      secondEven += a * (second[at] as number) + b * (second[at + 1] as number);
      secondOdd += c * (second[at + 2] as number) + d * (second[at + 3] as number);
    }
    this.#sums[0] = remainder((this.#sums[0] as number) + even + odd);
    this.#sums[1] = remainder((this.#sums[1] as number) + secondEven + secondOdd);
  }
}

/** Modulo the prime; `%` of doubles is many times slower. */
function remainder(sum: number): number {
  const rest = sum - Math.floor(sum / PRIME) * PRIME;
  if (rest < 0) return rest + PRIME;
  return rest >= PRIME ? rest - PRIME : rest;
}

function put(into: Buffer, at: number, value: number): void {
  into[at] = value;
  into[at + 1] = value >>> 8;
  into[at + 2] = value >>> 16;
}
