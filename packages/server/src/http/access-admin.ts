import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Accounts } from '../access/accounts.ts';
import { audit } from '../access/audit.ts';
import { createIngestKey } from '../access/ingest-keys.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import type { Guard } from './access.ts';

const role = z.enum(['viewer', 'responder', 'admin']);

/** `https://shop.example`, or `https://*.shop.example` for all that lie below a domain. */
const origin = z
  .string()
  .max(300)
  .regex(/^https?:\/\/(?:\*\.)?[a-z0-9.-]+(?::\d{1,5})?$/, 'expected an origin such as https://shop.example');

/** Ingest keys, accounts and login links; for administrators. */
export function accessAdminRoutes(
  app: FastifyInstance,
  deps: { db: Db; accounts: Accounts; guard: Guard; clock: Clock; publicUrl: string },
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('admin');
  const actor = (request: { principal?: { name: string } }) => request.principal?.name ?? 'unknown';

  const note = (request: { principal?: { name: string } }, action: string, target: string, detail: object) =>
    audit(deps.db, { at: deps.clock.now(), actor: actor(request), action, target, detail: { ...detail } });

  routes.post(
    '/api/v1/ingest-keys',
    {
      onRequest,
      schema: {
        body: z
          .object({
            scope: z.enum(['public', 'server']),
            project: z.string().regex(/^\d{1,9}$/),
            origins: z.array(origin).max(100).default([]),
          })
          .refine(({ scope, origins }) => scope === 'public' || origins.length === 0, {
            message: 'only a public key has origins: servers send none',
          }),
      },
    },
    async (request, reply) =>
      reply
        .code(201)
        .send(await createIngestKey(deps.db, { ...request.body, actor: actor(request), now: deps.clock.now() })),
  );
  routes.post(
    '/api/v1/users',
    {
      onRequest,
      schema: {
        body: z.object({ email: z.email(), password: z.string().max(200), name: z.string().min(1).max(100), role }),
      },
    },
    async (request, reply) => {
      const { email, role: given } = request.body;
      await deps.accounts.create(request.body);
      await note(request, 'user.create', email, { role: given });
      return reply.code(201).send({ email });
    },
  );
  routes.post(
    '/api/v1/login-links',
    { onRequest, schema: { body: z.object({ email: z.email().max(200) }) } },
    async (request, reply) => {
      const { email } = request.body;
      const token = await deps.accounts.createLoginLink(email, 'admin', deps.clock.now());
      await note(request, 'login_link.create', email, {});
      return reply.code(201).send({ url: `${deps.publicUrl}/sign-in#token=${token}` });
    },
  );
  routes.get('/api/v1/me', { onRequest: deps.guard('viewer') }, async (request) => {
    const { name, role: held } = request.principal ?? { name: 'unknown', role: 'viewer' };
    return { email: name, name, role: held };
  });
}
