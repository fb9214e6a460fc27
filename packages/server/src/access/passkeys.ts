import { isIP } from 'node:net';
import { passkey } from '@better-auth/passkey';
import type { BetterAuthPlugin } from 'better-auth';
import { APIError, createAuthMiddleware } from 'better-auth/api';
import { deleteSessionCookie } from 'better-auth/cookies';

/** What a passkey is bound to: browsers take names, no addresses, so that of this machine is spoken of by its name. */
export interface PasskeyScope {
  /** Name of the host; WebAuthn calls it the relying party's id. */
  host: string;
  /** Origins from which the console may use it. */
  origins: string[];
}

/** @param publicUrl origin under which people reach the console */
export function passkeyScope(publicUrl: string): PasskeyScope {
  const url = new URL(publicUrl);
  const loopback = /^(127\.|\[::1\]$)/.test(url.hostname) && isIP(url.hostname.replaceAll(/[[\]]/g, '')) !== 0;
  if (!loopback) return { host: url.hostname, origins: [url.origin] };
  return { host: 'localhost', origins: [url.origin, `${url.protocol}//localhost${url.port && `:${url.port}`}`] };
}

/**
 * Passkeys: instead of the password, and after it. Each must have asked for a finger, a face or a PIN: then it stands
 * for two factors. Whoever has one is not let in by the password alone.
 */
export function passkeys(publicUrl: string) {
  const { host, origins } = passkeyScope(publicUrl);
  return [
    passkey({
      ...{ rpID: host, rpName: 'YumOps', origin: origins },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      registration: {
        afterVerification: async ({ verification }) => refuseUnverified(verification.registrationInfo?.userVerified),
      },
      authentication: {
        afterVerification: async ({ verification }) => refuseUnverified(verification.authenticationInfo.userVerified),
      },
    }),
    afterPassword,
  ] as const;
}

function refuseUnverified(userVerified: boolean | undefined): void {
  if (userVerified === true) return;
  throw new APIError('UNAUTHORIZED', {
    code: 'USER_NOT_VERIFIED',
    message: 'This passkey did not ask who you are. Set a PIN for it, or use another one.',
  });
}

/** Takes back the session that a password gave, and says that a passkey is wanted; after the plugin of six digits. */
const afterPassword = {
  id: 'passkey-after-password',
  hooks: {
    after: [
      {
        matcher: ({ path }) => path === '/sign-in/email',
        handler: createAuthMiddleware(async (ctx) => {
          const data = ctx.context.newSession;
          if (!data) return;
          const owned = await ctx.context.adapter.count({
            model: 'passkey',
            where: [{ field: 'userId', value: data.user.id }],
          });
          if (owned === 0) return;
          deleteSessionCookie(ctx, true);
          await ctx.context.internalAdapter.deleteSession(data.session.token);
          ctx.context.setNewSession(null);
          return ctx.json({ twoFactorRedirect: true, twoFactorMethods: ['passkey'] });
        }),
      },
    ],
  },
} satisfies BetterAuthPlugin;
