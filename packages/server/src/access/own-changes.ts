import type { BetterAuthPlugin } from 'better-auth';
import { createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';

/** Writes down what people change of the way in to their own accounts. */
export type NoteOwnChange = (entry: { actor: string; action: string }) => Promise<void>;

/** Paths below `/api/auth` and how the audit log calls them. */
const ACTIONS: Readonly<Record<string, string>> = {
  '/passkey/verify-registration': 'passkey.add',
  '/passkey/delete-passkey': 'passkey.remove',
  '/two-factor/enable': 'second_factor.set',
  '/two-factor/verify-totp': 'second_factor.add',
  '/two-factor/disable': 'second_factor.remove',
  '/set-password': 'password.set',
  '/change-password': 'password.change',
};

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
