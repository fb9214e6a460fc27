import { post } from './client.ts';

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

export function changePassword(currentPassword: string, newPassword: string): Promise<unknown> {
  return post('/api/auth/change-password', { currentPassword, newPassword, revokeOtherSessions: true });
}
