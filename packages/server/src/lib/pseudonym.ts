import { createHmac } from 'node:crypto';

/** What a hashed account looks like: made here, or by an SDK before it was sent. */
const HASHED = /^acct_[0-9a-f]{24}$/;

/** The key of an installation's pseudonyms, made of its secret key. */
export function pseudonymKey(secretKey: string): string {
  return createHmac('sha256', secretKey).update('yumops accounts').digest('hex');
}

/**
 * Replaces the name of an account by a keyed hash: the same for the same account however it is written, and of no use to
 * whoever lacks the key. One that is hashed already stays.
 */
export function pseudonymOf(key: string, account: string): string {
  if (HASHED.test(account)) return account;
  const plain = account.normalize('NFKC').trim().toLowerCase();
  return `acct_${createHmac('sha256', key).update(plain).digest('hex').slice(0, 24)}`;
}
