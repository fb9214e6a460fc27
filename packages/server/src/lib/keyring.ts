import { createHash, timingSafeEqual } from 'node:crypto';

/** The secret keys of an installation: one that seals and signs, and those before it, which still open and verify. */
export interface Keyring {
  current: string;
  /** The newest first. */
  previous: readonly string[];
}

/** All keys, the current one first. */
export function keysOf({ current, previous }: Keyring): readonly string[] {
  return [current, ...previous];
}

/**
 * Which key of the ring made a signature; undefined when none did. It takes a time that does not depend on where they
 * differ.
 * @param make the signature by a key
 */
export function signerOf(ring: Keyring, make: (key: string) => string, given: string): string | undefined {
  const seen = Buffer.from(given);
  return keysOf(ring).find((key) => {
    const expected = Buffer.from(make(key));
    return expected.length === seen.length && timingSafeEqual(expected, seen);
  });
}

/** A number by which stored things name the key that they stand under; it tells nothing of the key. */
export function keyNumber(key: string): number {
  return Number.parseInt(createHash('sha256').update(`yumops key number ${key}`).digest('hex').slice(0, 7), 16);
}
