import type { BetterAuthPlugin } from 'better-auth';
import { createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';

/** Writes down what people change of the way in to their own accounts. */
export type NoteOwnChange = (entry: { actor: string; action: string }) => Promise<void>;

/** Paths below `/api/auth` and how the audit log calls them. */
const ACTIONS: Readonly<Record<string, string>> = {
  '/passkey/verify-registration': 'passkey.add',
  '/passkey/delete-passkey': 'passkey.remove',
  '/set-password': 'password.set',
  '/change-password': 'password.change',
};

/**
 * Notes a second factor that was switched on or off: its first code and every later one are given at the same path, but
 * only the first changes the account.
 */
export function secondFactorChanges(note: NoteOwnChange) {
  return async (user: Record<string, unknown>, context: { path?: string } | null): Promise<void> => {
    if (!context?.path?.startsWith('/two-factor/')) return;
    const action = user['twoFactorEnabled'] === true ? 'second_factor.add' : 'second_factor.remove';
    await note({ actor: String(user['email']), action });
  };
}

/** Notes the changes that were made, not those that were refused. */
export function ownChanges(note: NoteOwnChange): BetterAuthPlugin {
  return {
    id: 'own-changes',
    hooks: {
      after: [
        {
          matcher: ({ path }) => path !== undefined && path in ACTIONS,
          handler: createAuthMiddleware(async (ctx) => {
            if (isAPIError(ctx.context.returned)) return;
            const session = ctx.context.newSession ?? (await getSessionFromCtx(ctx));
            if (session) await note({ actor: session.user.email, action: ACTIONS[ctx.path] as string });
          }),
        },
      ],
    },
  };
}
