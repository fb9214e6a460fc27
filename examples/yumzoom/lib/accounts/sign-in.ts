import 'server-only';
import { setTimeout as sleep } from 'node:timers/promises';
import { headers } from 'next/headers';
import { recordActivity } from '@/lib/accounts/activity';
import { hashPassword, verifyPassword } from '@/lib/accounts/password.mjs';
import { openSession } from '@/lib/accounts/session';
import { query } from '@/lib/database/pool';
import { Problem } from '@/lib/http/problem';
import { once } from '@/lib/once';
import { SecurityMonitor } from '@/lib/security/security-monitor';

/** A hash that no password fits: an unknown address must cost as much time as a wrong password. */
const decoy = () => once('decoy-hash', () => hashPassword(crypto.randomUUID()));

/**
 * Checks address and password and opens a session.
 * @throws Problem 401, the same for an unknown address and a wrong password; 429 for whoever guessed too often
 */
export async function signIn(email: string, password: string): Promise<void> {
  const verdict = await SecurityMonitor.guardLogin({ account: email });
  if (!verdict.allow) {
    throw new Problem(429, 'too_many_attempts', 'Too many attempts. Try again later.', verdict.retryAfterMs);
  }
  // YumZoom has nothing more to ask for; whoever is challenged waits.
  await sleep(verdict.delayMs);
  const [account] = await query<{ id: number; passwordHash: string | null }>(
    'SELECT id, password_hash AS "passwordHash" FROM user_profiles WHERE lower(email) = lower($1)',
    [email],
  );
  const matches = await verifyPassword(password, account?.passwordHash ?? (await decoy()));
  const ua = (await headers()).get('user-agent') ?? undefined;
  if (!account || !matches) {
    await SecurityMonitor.trackLogin({
      ok: false,
      account: email,
      ua,
      reason: account ? 'bad_password' : 'unknown_user',
    });
    throw new Problem(401, 'wrong_credentials', 'E-mail or password is wrong.');
  }
  await SecurityMonitor.trackLogin({ ok: true, account: email, ua, userId: String(account.id) });
  await openSession(account.id);
  await recordActivity(account.id, 'signed_in');
}
