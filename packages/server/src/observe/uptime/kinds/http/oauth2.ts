import { z } from 'zod';
import { YumOpsError } from '../../../../lib/errors.ts';
import { Secret } from '../../../../lib/secret.ts';
import { shorten } from '../../assert.ts';
import type { Attempt } from '../../attempt.ts';
import type { DirectAuth, MonitorAuth } from './config.ts';
import { exchange, type HttpAnswer } from './exchange.ts';

interface Kept {
  token: Secret;
  /** Milliseconds on the monotonic clock. */
  until: number;
}

/** Tokens by the configuration that they were had with: a changed one gets another. */
const kept = new WeakMap<object, Kept>();

/** A token is not used in the last moments of its life. */
const MARGIN_MS = 30_000;

const answerShape = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().optional() });

/**
 * Turns client credentials into the token that they are worth, and leaves other credentials as they are. A token is
 * used again until it ends.
 * @throws {YumOpsError} `token_refused`, or what keeps the answer from coming
 */
export async function resolveAuth(auth: MonitorAuth | null, attempt: Attempt): Promise<DirectAuth | null> {
  if (auth?.kind !== 'oauth2') return auth;
  const now = attempt.context.clock.monotonic();
  const known = kept.get(auth);
  if (known && now < known.until) return { kind: 'bearer', token: known.token };
  const answer = await askForToken(auth, attempt);
  const parsed = answerShape.safeParse(parseJson(answer.body.text));
  if (answer.status !== 200 || !parsed.success) throw refused(auth.tokenUrl, answer);
  const { access_token: text, expires_in: seconds = 0 } = parsed.data;
  const token = new Secret(text);
  kept.set(auth, { token, until: now + seconds * 1_000 - MARGIN_MS });
  return { kind: 'bearer', token };
}

/** A token that was refused is not shown again. */
export function forgetToken(auth: MonitorAuth | null): void {
  if (auth !== null) kept.delete(auth);
}

type ClientCredentials = Extract<MonitorAuth, { kind: 'oauth2' }>;

function askForToken(auth: ClientCredentials, attempt: Attempt): Promise<HttpAnswer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (auth.scope !== null) form.set('scope', auth.scope);
  if (auth.audience !== null) form.set('audience', auth.audience);
  const body = form.toString();
  const credentials = [auth.clientId, auth.clientSecret.reveal()].map(encodeURIComponent).join(':');
  const ownHeaders = {
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
  };
  const headers = { 'user-agent': 'YumOps-Uptime/1', accept: 'application/json' };
  return exchange({ url: new URL(auth.tokenUrl), method: 'POST', headers, ownHeaders, body, tls: null }, attempt);
}

function refused(tokenUrl: string, { status, statusText, body }: HttpAnswer): YumOpsError {
  const error = (parseJson(body.text) as { error?: unknown } | null | undefined)?.error;
  const said = typeof error === 'string' ? ` (${shorten(error)})` : '';
  return new YumOpsError(
    'token_refused',
    `Expected an access token from ${tokenUrl}, got ${`${status} ${statusText}`.trim()}${said}.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
