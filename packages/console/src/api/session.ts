import { queryOptions } from '@tanstack/react-query';
import { get, post } from './client.ts';

/** Sets the session cookie. @throws ApiError 401 for a wrong pair, 429 after too many attempts */
export function signIn(email: string, password: string): Promise<unknown> {
  return post('/api/auth/sign-in/email', { email, password });
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
