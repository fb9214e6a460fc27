import { createHash } from 'node:crypto';
import type { BetterAuthOptions } from 'better-auth';
import { createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { genericOAuth, twoFactor } from 'better-auth/plugins';
import type pg from 'pg';
import { z } from 'zod';
import type { AccountsOptions } from './accounts.ts';
import { refuseBreached } from './breached-passwords.ts';
import type { OidcProvider } from './config.ts';
import { firstPassword } from './first-password.ts';
import { ownChanges, secondFactorChanges } from './own-changes.ts';
import { passkeyScope, passkeys } from './passkeys.ts';
import { librarySecrets } from './sealed/second-factors.ts';

/** The header in which the HTTP layer passes the peer's address on; a client's own copy is removed before. */
export const PEER_HEADER = 'x-yumops-peer';

/** Under which name a login link is kept. */
export const linkName = (token: string) => `login-link:${createHash('sha256').update(token).digest('hex')}`;

/** `POST /api/auth/one-time {token}`: a login link becomes a session. */
const oneTimeLogin = {
  id: 'one-time-login',
  endpoints: {
    oneTimeLogin: createAuthEndpoint(
      '/one-time',
      { method: 'POST', body: z.object({ token: z.string().min(1).max(200) }) },
      async (ctx) => {
        const link = await ctx.context.internalAdapter.consumeVerificationValue(linkName(ctx.body.token));
        const user = link && (await ctx.context.internalAdapter.findUserById(link.value));
        if (!user || link.expiresAt.getTime() < Date.now()) {
          throw ctx.error('UNAUTHORIZED', { message: 'This login link was used already or has expired.' });
        }
        const session = await ctx.context.internalAdapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return ctx.json({ email: user.email });
      },
    ),
  },
};

/** What the account library is told. */
export function authOptions(options: AccountsOptions, pool: pg.Pool) {
  const { signIn, log } = options;
  const hash = async (password: string) => {
    if (signIn.breachedPasswords) await refuseBreached(password, log);
    return hashPassword(password);
  };
  return {
    appName: 'YumOps',
    baseURL: options.publicUrl,
    trustedOrigins: passkeyScope(options.publicUrl).origins,
    basePath: '/api/auth',
    secrets: librarySecrets(options.keyring),
    database: pool,
    telemetry: { enabled: false },
    logger: { level: 'error', log: (_level, message) => log.warn(`accounts: ${message}`) },
    emailAndPassword: {
      ...{ enabled: true, disableSignUp: true, minPasswordLength: 12 },
      password: { hash, verify: verifyPassword },
    },
    account: { accountLinking: { enabled: true, trustedProviders: signIn.providers.map(({ id }) => id) } },
    databaseHooks: {
      user: {
        create: { before: newAccountsOf(signIn.providers) },
        update: { after: secondFactorChanges(options.noteOwnChange) },
      },
    },
    user: {
      additionalFields: {
        role: { type: 'string', required: true, defaultValue: 'viewer', input: false },
        // JSON: roles in single projects.
        projects: { type: 'string', required: false, input: false },
      },
    },
    session: { expiresIn: 7 * 86_400, updateAge: 86_400 },
    rateLimit: {
      enabled: true,
      customStorage: options.attempts,
      window: 60,
      max: 300,
      customRules: {
        '/sign-in/*': { window: 60, max: 10 },
        '/one-time': { window: 60, max: 10 },
        '/two-factor/*': { window: 60, max: 10 },
        '/passkey/verify-authentication': { window: 60, max: 10 },
      },
    },
    advanced: { cookiePrefix: 'yumops', ipAddress: { ipAddressHeaders: [PEER_HEADER] } },
    plugins: [
      ...[oneTimeLogin, firstPassword, twoFactor({ issuer: 'YumOps' }), ...passkeys(options.publicUrl)],
      ...[oidc(signIn.providers), ownChanges(options.noteOwnChange)],
    ],
  } satisfies BetterAuthOptions;
}

function oidc(providers: readonly OidcProvider[]) {
  return genericOAuth({
    config: providers.map(({ id, issuer, clientId, clientSecret }) => ({
      ...{ providerId: id, clientId, clientSecret: clientSecret.reveal(), scopes: ['openid', 'email', 'profile'] },
      ...{ discoveryUrl: `${issuer}/.well-known/openid-configuration`, requireIdTokenVerification: true },
      requireEmailVerification: true,
    })),
  });
}

/** Part of the context of an endpoint that the hook uses. */
interface CallbackContext {
  path?: string;
  params?: Record<string, string | undefined> | undefined;
  redirect(url: string): Error;
}

/** Who comes by a provider gets an account only with a verified address of its domains, and the role that stands there. */
function newAccountsOf(providers: readonly OidcProvider[]) {
  return async (user: { email: string; emailVerified: boolean }, context: CallbackContext | null) => {
    if (!context?.path?.startsWith('/callback/')) return undefined;
    const provider = providers.find(({ id }) => id === context.params?.['id']);
    const domain = user.email.toLowerCase().split('@')[1] ?? '';
    if (provider?.domains.includes(domain) && user.emailVerified) return { data: { ...user, role: provider.role } };
    throw context.redirect(`/sign-in?refused=${user.emailVerified ? 'domain' : 'unverified'}`);
  };
}
