import type { startAuthentication, startRegistration } from '@simplewebauthn/browser';
import { queryOptions } from '@tanstack/react-query';
import { get, post } from './client.ts';
import { ApiError } from './problem.ts';

/** A passkey of one's own. */
export interface PasskeyItem {
  id: string;
  name: string | null;
  createdAt: string;
  /** `multiDevice` ones are kept by a password manager that copies them to a person's other devices. */
  deviceType: 'singleDevice' | 'multiDevice';
}

export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: ({ signal }) => get<PasskeyItem[]>('/api/auth/passkey/list-user-passkeys', {}, signal),
});

/** Why no passkey can be used in this browser at this address. */
export interface PasskeyObstacle {
  /** A sentence. */
  reason: string;
  /** The same page at an address where one can; null = there is none that is known. */
  instead: string | null;
}

/** @returns null where a passkey can be used */
export function passkeyObstacle(): PasskeyObstacle | null {
  const { protocol, hostname, port, pathname, search, hash } = window.location;
  if (/^127\./.test(hostname) || hostname === '[::1]') {
    const instead = `${protocol}//localhost${port && `:${port}`}${pathname}${search}${hash}`;
    return { reason: 'Browsers tie passkeys to a name.', instead };
  }
  if (/^[\d.]+$|^\[/.test(hostname)) {
    return { reason: 'Browsers tie passkeys to a name: open the console by its name.', instead: null };
  }
  if ('PublicKeyCredential' in window) return null;
  return { reason: 'This browser offers passkeys over https only, or not at all.', instead: null };
}

type RegistrationOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];
type AuthenticationOptions = Parameters<typeof startAuthentication>[0]['optionsJSON'];

/** Lets the browser make a passkey and keeps it under `name`. @throws ApiError also when the person declines */
export async function addPasskey(name: string): Promise<void> {
  const optionsJSON = await get<RegistrationOptions>('/api/auth/passkey/generate-register-options');
  const { startRegistration } = await import('@simplewebauthn/browser');
  const response = await startRegistration({ optionsJSON }).catch(declined);
  await post('/api/auth/passkey/verify-registration', { response, name });
}

/** Signs in with a passkey alone, or after the password. @throws ApiError also when the person declines */
export async function signInWithPasskey(): Promise<void> {
  const optionsJSON = await get<AuthenticationOptions>('/api/auth/passkey/generate-authenticate-options');
  const { startAuthentication } = await import('@simplewebauthn/browser');
  const response = await startAuthentication({ optionsJSON }).catch(declined);
  await post('/api/auth/passkey/verify-authentication', { response });
}

export function renamePasskey({ id, name }: { id: string; name: string }): Promise<unknown> {
  return post('/api/auth/passkey/update-passkey', { id, name });
}

export function removePasskey(id: string): Promise<unknown> {
  return post('/api/auth/passkey/delete-passkey', { id });
}

/** What browsers say of a passkey is written for programmers. */
function declined(cause: unknown): never {
  const name = cause instanceof Error ? cause.name : '';
  const known = name === 'InvalidStateError';
  const error = new ApiError({
    status: 0,
    code: known ? 'passkey_known' : 'passkey_declined',
    message: known ? 'This device has a passkey for this account already' : 'The browser gave no passkey',
    hint: known
      ? 'Use it to sign in, or add one on another device.'
      : 'You declined, it took too long, or there is none for this console.',
  });
  error.cause = cause;
  throw error;
}
