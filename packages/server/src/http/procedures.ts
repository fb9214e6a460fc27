import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Procedures } from '../respond/procedures/index.ts';
import type { Checklists } from '../respond/runbooks/index.ts';
import type { Guard } from './access.ts';

const text = z.string().min(1).max(300);
const names = z.array(text).max(200).optional();
const start = z.object({
  procedure: text.describe('Id, as in GET /api/v1/runbooks'),
  for: text.describe('How long it takes, e.g. 30m'),
  window: z
    .object({ reason: z.string().max(1_000).optional(), services: names, monitors: names })
    .optional()
    .describe('Alerts wait meanwhile, and the time counts for no monitor and no objective'),
  notice: z
    .object({ title: text, body: z.string().min(1).max(10_000), components: z.array(text).max(200).default([]) })
    .optional()
    .describe('What visitors of the status page are told'),
});
const end = z.object({
  state: z.enum(['done', 'abandoned']).default('done'),
  result: z.string().max(2_000).default(''),
});

export interface ProcedureRouteDeps {
  procedures: Procedures;
  checklists: Checklists;
  guard: Guard;
  clock: Clock;
}

/** Planned work by a checklist, with its window and its notice. */
export function procedureRoutes(
  app: FastifyInstance,
  { procedures, checklists, guard, clock }: ProcedureRouteDeps,
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('responder');
  const tags = ['runbooks'];
  const change = (asked: FastifyRequest) => ({ actor: asked.principal?.name ?? 'unknown', now: clock.now() });

  routes.post(
    '/api/v1/procedures',
    { onRequest, schema: { summary: 'Begin a procedure', tags, body: start } },
    async (asked, reply) => {
      const id = await procedures.begin(asked.body, change(asked));
      return reply.code(201).send(await checklists.read(id));
    },
  );
  routes.post(
    '/api/v1/procedures/:id/end',
    { onRequest, schema: { summary: 'End a procedure', tags, params: z.object({ id: text }), body: end } },
    async (asked) => {
      await procedures.end(asked.params.id, asked.body, change(asked));
      return checklists.read(asked.params.id);
    },
  );
}
