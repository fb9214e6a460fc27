import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** @type {(password: string, salt: Buffer, length: number, options: import('node:crypto').ScryptOptions) => Promise<Buffer>} */
const derive = promisify(scrypt);

/** One check takes about 50 ms and 16 MB. The figures are part of every hash, so they can be raised later. */
const COST = { N: 16_384, r: 8, p: 1 };
const KEY_BYTES = 32;

/**
 * Hashes a password with scrypt and a fresh salt.
 * @param {string} password
 * @returns {Promise<string>} `scrypt$N$r$p$salt$key`, the last two in base64url
 */
export async function hashPassword(password) {
  const salt = randomBytes(16);
  const key = await derive(password, salt, KEY_BYTES, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/**
 * Compares a password with a stored hash in constant time.
 * @param {string} password
 * @param {string} stored what `hashPassword` returned
 * @returns {Promise<boolean>}
 */
export async function verifyPassword(password, stored) {
  const [scheme, N, r, p, salt = '', key = ''] = stored.split('$');
  if (scheme !== 'scrypt') return false;
  const expected = Buffer.from(key, 'base64url');
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  const actual = await derive(password, Buffer.from(salt, 'base64url'), KEY_BYTES, options);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
