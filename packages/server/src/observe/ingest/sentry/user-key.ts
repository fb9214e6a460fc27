import { createHash } from 'node:crypto';

/** What people are told apart by, the most telling first. */
export const USER_NAMES = ['id', 'email', 'username', 'ip_address'] as const;

/** What tells a person apart in counts of affected people: a hash, so that counts need no name. */
export function userKey(name: (typeof USER_NAMES)[number], value: string): string {
  return createHash('sha256').update(`${name}:${value}`).digest('hex').slice(0, 16);
}
