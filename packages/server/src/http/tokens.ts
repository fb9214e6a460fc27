import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { createToken, listTokens, revokeToken } from '../access/tokens.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Guard } from './access.ts';
import { grants, installationRole, projectRoles } from './grant-shapes.ts';
import { resourceOf } from './guard.ts';

const DAY_MS = 86_400_000;
const id = z.object({ id: z.string().regex(/^\d{1,18}$/) });
const request = z
  .object({
    name: z.string().min(1).max(100),
    resources: z
      .array(z.string().min(1).max(60))
      .min(1)
      .max(50)
      .optional()
      .describe('What it reaches, such as alerts or logs; left out = all that the role allows'),
    days: z.number().int().min(1).max(3_650).optional().describe('How long it works; left out = until it is revoked'),
  })
  .and(grants);
const item = z.object({
  id: z.string(),
  name: z.string(),
  role: installationRole,
  projects: projectRoles,
  resources: z.array(z.string()).nullable(),
  createdAt: z.string(),
  createdBy: z.string().nullable(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});

/** API tokens: made, listed without their secrets, revoked; for administrators. */
export function tokenRoutes(app: FastifyInstance, deps: { db: Db; guard: Guard; clock: Clock }): void {
  const { db, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('admin');
  const tags = ['access'];
  const resources = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    if (/^\/api\/v[12]\//.test(url) || url === '/metrics') resources.add(resourceOf(url));
  });
  routes.post(
    '/api/v1/tokens',
    {
      onRequest,
      schema: {
        summary: 'Make an API token; the secret is shown once',
        tags,
        body: request,
        response: { 201: z.object({ id: z.string(), secret: z.string() }) },
      },
    },
    async ({ body, principal }, reply) => {
      const unknown = body.resources?.find((name) => !resources.has(name));
      if (unknown !== undefined) {
        throw new YumOpsError('unknown_resource', `There is no resource "${unknown}".`, {
          hint: `There are ${[...resources].toSorted().join(', ')}.`,
          status: 400,
        });
      }
      const now = clock.now();
      const made = await createToken(db, {
        ...{ name: body.name, role: body.role, projects: body.projects, resources: body.resources ?? null },
        expiresAt: body.days === undefined ? null : now + body.days * DAY_MS,
        ...{ actor: principal?.name ?? 'unknown', now },
      });
      return reply.code(201).send(made);
    },
  );
  routes.get(
    '/api/v1/tokens',
    {
      onRequest,
      schema: {
        summary: 'List API tokens, without their secrets',
        tags,
        response: { 200: z.object({ items: z.array(item), nextCursor: z.null() }) },
      },
    },
    async () => ({ items: await listTokens(db), nextCursor: null }),
  );
  routes.delete(
    '/api/v1/tokens/:id',
    { onRequest, schema: { summary: 'Revoke an API token at once', tags, params: id } },
    async ({ params, principal }, reply) => {
      await revokeToken(db, { id: params.id, actor: principal?.name ?? 'unknown', now: clock.now() });
      return reply.code(204).send();
    },
  );
}
