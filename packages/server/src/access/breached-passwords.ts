import { createHash } from 'node:crypto';
import { APIError } from 'better-auth/api';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** The range search of Have I Been Pwned: it learns five digits of a hash, which hundreds of passwords share. */
const RANGES = 'https://api.pwnedpasswords.com/range/';
const TIMEOUT_MS = 3_000;

/**
 * Refuses a password that stands in the list of breached ones. Where the list cannot be reached the password is taken,
 * and the log says that it was not looked up.
 * @param ranges address of the list
 * @throws APIError 400
 */
export async function refuseBreached(password: string, log: Log, ranges = RANGES): Promise<void> {
  const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
  const seen = await countSightings(ranges + hash.slice(0, 5), hash.slice(5)).catch((error: unknown) => {
    log.warn('a new password could not be looked up in the list of breached ones', { error: messageOf(error) });
    return 0;
  });
  if (seen > 0) {
    throw new APIError('BAD_REQUEST', {
      code: 'PASSWORD_BREACHED',
      message: `This password is in the list of breached ones, ${seen} times. Choose another.`,
    });
  }
}

async function countSightings(url: string, suffix: string): Promise<number> {
  const answer = await fetch(url, { headers: { 'add-padding': 'true' }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`the list answered ${answer.status}`);
  const line = (await answer.text()).split(/\r?\n/).find((text) => text.startsWith(`${suffix}:`));
  return line === undefined ? 0 : Number(line.slice(suffix.length + 1));
}
