import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Accounts } from '../access/accounts.ts';
import { PEER_HEADER } from '../access/auth-options.ts';
import type { SignInConfig } from '../access/config.ts';
import { refuseForeignOrigin, webHeaders } from './guard.ts';

const ways = z.object({ providers: z.array(z.object({ id: z.string(), name: z.string() })) });

/** Sign-in, sign-out and sessions of people, below `/api/auth/`. */
export function authRoutes(
  app: FastifyInstance,
  deps: { accounts: Accounts; signIn: SignInConfig; publicUrl: string },
): void {
  const providers = deps.signIn.providers.map(({ id, name }) => ({ id, name }));
  app.get(
    '/api/sign-in',
    { schema: { summary: 'Ways to sign in besides a password', tags: ['access'], response: { 200: ways } } },
    async () => ({ providers }),
  );
  app.route({
    method: ['GET', 'POST'],
    url: '/api/auth/*',
    schema: { hide: true },
    async handler(request, reply) {
      refuseForeignOrigin(request, new URL(deps.publicUrl).origin);
      const headers = webHeaders(request);
      headers.delete('content-length');
      headers.set(PEER_HEADER, request.ip);
      const response = await deps.accounts.handle(
        new Request(new URL(request.url, deps.publicUrl), {
          method: request.method,
          headers,
          ...(request.method === 'POST' ? { body: JSON.stringify(request.body ?? {}) } : {}),
        }),
      );
      return reply
        .code(response.status)
        .headers(replyHeaders(response))
        .send(Buffer.from(await response.arrayBuffer()));
    },
  });
}

function replyHeaders(response: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) if (name !== 'set-cookie') headers[name] = value;
  const retryAfter = response.headers.get('x-retry-after');
  if (retryAfter !== null) headers['retry-after'] = retryAfter;
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return headers;
}
