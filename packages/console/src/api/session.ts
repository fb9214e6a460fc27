import { queryOptions } from '@tanstack/react-query';
import { get, post } from './client.ts';

/** What is still wanted after the password; null = nothing. Whoever gives a code may use a passkey instead. */
export type NextStep = 'code' | 'passkey' | null;

/**
 * Sets the session cookie, or asks for a second factor first.
 * @throws ApiError 401 for a wrong pair, 429 after too many attempts
 */
export async function signIn(email: string, password: string): Promise<NextStep> {
  const answer = await post<{ twoFactorRedirect?: boolean; twoFactorMethods?: string[] }>('/api/auth/sign-in/email', {
    email,
    password,
  });
  if (answer.twoFactorRedirect !== true) return null;
  return answer.twoFactorMethods?.includes('passkey') === true ? 'passkey' : 'code';
}

/** The second step of signing in: six digits of the app, or a recovery code, which then is used up. */
export function signInWithCode(code: string): Promise<unknown> {
  const path = /^\d{6}$/.test(code) ? 'verify-totp' : 'verify-backup-code';
  return post(`/api/auth/two-factor/${path}`, { code });
}

/** Providers of OpenID Connect that sign people in. */
export const providersQuery = queryOptions({
  queryKey: ['sign-in'],
  queryFn: ({ signal }) => get<{ providers: { id: string; name: string }[] }>('/api/sign-in', {}, signal),
});

/** @returns the provider's address, to which the browser goes */
export async function signInAt(provider: string, wanted: string): Promise<string> {
  const body = { provider, callbackURL: wanted, errorCallbackURL: '/sign-in?refused=provider' };
  return (await post<{ url: string }>('/api/auth/sign-in/social', body)).url;
}

/** Whether the person has a second factor. */
export const secondFactorQuery = queryOptions({
  queryKey: ['second-factor'],
  queryFn: async ({ signal }) => {
    const session = await get<{ user: { twoFactorEnabled?: boolean | null } } | null>(
      '/api/auth/get-session',
      {},
      signal,
    );
    return session?.user.twoFactorEnabled === true;
  },
});

/** Begins to switch a second factor on. @returns what the app scans, and codes for when it is lost */
export function beginSecondFactor(password: string): Promise<{ totpURI: string; backupCodes: string[] }> {
  return post('/api/auth/two-factor/enable', { password });
}

/** Switches it on: the app has proven that it computes the same. */
export function confirmSecondFactor(code: string): Promise<unknown> {
  return post('/api/auth/two-factor/verify-totp', { code });
}

export function endSecondFactor(password: string): Promise<unknown> {
  return post('/api/auth/two-factor/disable', { password });
}

/** Exchanges the token of a one-time login link for a session cookie. */
export function signInOnce(token: string): Promise<unknown> {
  return post('/api/auth/one-time', { token });
}

export function signOut(): Promise<unknown> {
  return post('/api/auth/sign-out', {});
}

/** Whether the person can sign in with a password, or only by a login link. */
export const hasPasswordQuery = queryOptions({
  queryKey: ['has-password'],
  queryFn: async ({ signal }) => {
    const ways = await get<{ providerId: string }[]>('/api/auth/list-accounts', {}, signal);
    return ways.some(({ providerId }) => providerId === 'credential');
  },
});

/** Gives a person who came by a login link a first password. */
export function setPassword(newPassword: string): Promise<unknown> {
  return post('/api/auth/set-password', { newPassword });
}

/** Also ends every other session of the person. */
export function changePassword(currentPassword: string, newPassword: string): Promise<unknown> {
  return post('/api/auth/change-password', { currentPassword, newPassword, revokeOtherSessions: true });
}
