import type { Me } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Accounts } from '../access/accounts.ts';
import { audit } from '../access/audit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import type { Guard, Principal } from './access.ts';
import { grants } from './grant-shapes.ts';

/** Accounts and login links; for administrators. */
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
    '/api/v1/users',
    {
      onRequest,
      schema: {
        body: z
          .object({ email: z.email(), password: z.string().max(200), name: z.string().min(1).max(100) })
          .and(grants),
      },
    },
    async (request, reply) => {
      const { email, role, projects } = request.body;
      await deps.accounts.create(request.body);
      await note(request, 'user.create', email, { role, projects });
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
  routes.get('/api/v1/me', { onRequest: deps.guard('viewer', 'project') }, async (request): Promise<Me> => {
    const { name, role, projects = {} } = request.principal as Principal;
    return { email: name, name, role, projects };
  });
}
