import { createHash, timingSafeEqual } from 'node:crypto';
import { randomHex } from '../lib/random.ts';

/** A new random secret, 32 hex digits, as Sentry's DSN format wants them. */
export function newSecret(): string {
  return randomHex(16);
}

/** What is stored of a secret. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares two secrets in time that does not depend on where they differ. */
export function sameSecret(left: string, right: string): boolean {
  return timingSafeEqual(hashSecret(left), hashSecret(right));
}
