import 'server-only';
import { recordActivity } from '@/lib/accounts/activity';
import { hashPassword } from '@/lib/accounts/password.mjs';
import { openSession } from '@/lib/accounts/session';
import { query } from '@/lib/database/pool';
import { Problem } from '@/lib/http/problem';
import { logger } from '@/lib/logging/logger';
import { sendEmail } from '@/lib/partners/email';

export interface Registration {
  email: string;
  displayName: string;
  password: string;
  homeCity: string;
}

/**
 * Creates an account, signs it in and sends a welcome. The account stands even when the e-mail cannot be sent.
 * @throws Problem 409 when the address has an account
 */
export async function register({ email, displayName, password, homeCity }: Registration): Promise<void> {
  const [account] = await query<{ id: number }>(
    `INSERT INTO user_profiles (email, display_name, password_hash, home_city) VALUES ($1, $2, $3, $4)
     ON CONFLICT (lower(email)) DO NOTHING RETURNING id`,
    [email, displayName, await hashPassword(password), homeCity],
  );
  if (!account) throw new Problem(409, 'address_taken', 'There is an account with this address. Sign in instead.');

  await openSession(account.id);
  await recordActivity(account.id, 'user_registration');
  logger.businessEvent('user_registration', { homeCity }, { userId: String(account.id) });
  await sendEmail(email, 'Welcome to YumZoom').catch((error: unknown) =>
    logger.warn('The welcome e-mail was not sent', { userId: String(account.id), error }),
  );
}
