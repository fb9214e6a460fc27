import type { Page, SavedView } from '@yumops/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { audit } from '../access/audit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { listViews, removeView, saveView, type ViewActor } from '../observe/logs/index.ts';
import type { Guard } from './access.ts';

const page = z.enum(['logs']);
const view = z.object({
  page,
  name: z.string().trim().min(1).max(100),
  search: z.string().max(8_000),
  shared: z.boolean().default(false),
});

/** Views of pages that people keep, for themselves or for everybody. */
export function viewRoutes(app: FastifyInstance, { db, guard, clock }: { db: Db; guard: Guard; clock: Clock }): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  const tags = ['views'];

  routes.get(
    '/api/v1/views',
    { onRequest, schema: { summary: 'Saved views of a page, own and shared', tags, querystring: z.object({ page }) } },
    async (request): Promise<Page<SavedView>> => ({
      items: await listViews(db, request.query.page, actorOf(request)),
      nextCursor: null,
    }),
  );
  routes.post(
    '/api/v1/views',
    { onRequest, schema: { summary: 'Keep a view under a name; the same name replaces it', tags, body: view } },
    async (request, reply) =>
      reply.code(201).send(await saveView({ db, audit }, request.body, actorOf(request), clock.now())),
  );
  routes.delete(
    '/api/v1/views/:id',
    { onRequest, schema: { summary: 'Remove a view', tags, params: z.object({ id: z.string().regex(/^\d{1,18}$/) }) } },
    async (request, reply) => {
      await removeView({ db, audit }, request.params.id, actorOf(request), clock.now());
      return reply.code(204).send();
    },
  );
}

function actorOf({ principal }: FastifyRequest): ViewActor {
  return {
    name: principal?.name ?? 'unknown',
    admin: principal?.role === 'admin',
    shares: principal !== undefined && principal.role !== 'none',
  };
}
