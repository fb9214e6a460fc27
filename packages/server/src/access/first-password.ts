import { createAuthEndpoint, sessionMiddleware } from 'better-auth/api';
import { z } from 'zod';

/**
 * `POST /api/auth/set-password {newPassword}`: a person who came by a login link gets a password. Whoever has one
 * changes it instead, which asks for the old one.
 */
export const firstPassword = {
  id: 'first-password',
  endpoints: {
    setFirstPassword: createAuthEndpoint(
      '/set-password',
      { method: 'POST', body: z.object({ newPassword: z.string().min(12).max(128) }), use: [sessionMiddleware] },
      async (ctx) => {
        const { user } = ctx.context.session;
        if (await ctx.context.internalAdapter.findCredentialAccount(user.id)) {
          throw ctx.error('CONFLICT', { message: 'This account has a password already. Change it instead.' });
        }
        const password = await ctx.context.password.hash(ctx.body.newPassword);
        await ctx.context.internalAdapter.createAccount({
          userId: user.id,
          providerId: 'credential',
          accountId: user.id,
          password,
        });
        return ctx.json({ email: user.email });
      },
    ),
  },
};
