import 'server-only';
import { createHash, randomBytes } from 'node:crypto';
import { addContext } from '@yumops/node';
import { cookies, headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { SESSION_COOKIE } from '@/lib/accounts/session-cookie';
import { query } from '@/lib/database/pool';
import { Problem } from '@/lib/http/problem';

const SESSION_DAYS = 14;

/** Who is signed in. */
export interface Guest {
  id: number;
  email: string;
  displayName: string;
  homeCity: string | null;
}

/** Only the hash is stored: who reads the table cannot sign in with it. */
const hashToken = (token: string) => createHash('sha256').update(token).digest();

/** Opens a session for a guest and sets its cookie on the answer. */
export async function openSession(userId: number): Promise<void> {
  const token = randomBytes(32).toString('base64url');
  const userAgent = (await headers()).get('user-agent')?.slice(0, 300) ?? '';
  await query(
    `INSERT INTO user_sessions (user_id, token_hash, user_agent, expires_at)
     VALUES ($1, $2, $3, now() + make_interval(days => $4))`,
    [userId, hashToken(token), userAgent, SESSION_DAYS],
  );
  (await cookies()).set(SESSION_COOKIE, token, {
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    maxAge: SESSION_DAYS * 24 * 60 * 60,
    secure: (await headers()).get('x-forwarded-proto') === 'https',
  });
}

/** Ends the session of the request and removes its cookie. */
export async function closeSession(): Promise<void> {
  const jar = await cookies();
  const token = jar.get(SESSION_COOKIE)?.value;
  if (!token) return;
  await query('DELETE FROM user_sessions WHERE token_hash = $1', [hashToken(token)]);
  jar.delete(SESSION_COOKIE);
}

/** The guest of the request, or undefined. Read once a request, and then part of every log record of it. */
export const currentGuest = cache(async (): Promise<Guest | undefined> => {
  const token = (await cookies()).get(SESSION_COOKIE)?.value;
  if (!token) return undefined;
  const [guest] = await query<Guest>(
    `SELECT u.id, u.email, u.display_name AS "displayName", u.home_city AS "homeCity"
     FROM user_sessions s JOIN user_profiles u ON u.id = s.user_id
     WHERE s.token_hash = $1 AND s.expires_at > now()`,
    [hashToken(token)],
  );
  if (guest) addContext({ userId: String(guest.id) });
  return guest;
});

/** The guest of an API request. @throws Problem 401 when nobody is signed in */
export async function requireGuest(): Promise<Guest> {
  const guest = await currentGuest();
  if (!guest) throw new Problem(401, 'signed_out', 'Sign in first.');
  return guest;
}

/** The guest of a page; whoever is signed out goes to the sign-in page. */
export async function requireGuestOnPage(path: string): Promise<Guest> {
  return (await currentGuest()) ?? redirect(`/sign-in?next=${encodeURIComponent(path)}`);
}
