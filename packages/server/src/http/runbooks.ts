import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import type { Checklists } from '../respond/runbooks/index.ts';
import type { Guard } from './access.ts';

const text = z.string().min(1).max(200);
const params = z.object({ id: text });
const note = z.string().max(2_000).default('');

export interface RunbookRouteDeps {
  checklists: Checklists;
  incidents: Incidents;
  guard: Guard;
  clock: Clock;
}

/** Runbooks, and people who follow them. */
export function runbookRoutes(app: FastifyInstance, { checklists, incidents, guard, clock }: RunbookRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['runbooks'];
  const viewer = { onRequest: guard('viewer') };
  const responder = { onRequest: guard('responder') };
  const change = (asked: FastifyRequest) => ({ actor: asked.principal?.name ?? 'unknown', now: clock.now() });

  routes.get('/api/v1/runbooks', { ...viewer, schema: { summary: 'Runbooks and procedures', tags } }, async () => ({
    items: checklists.runbooks(),
    nextCursor: null,
  }));
  routes.get(
    '/api/v1/runbooks/:id',
    { ...viewer, schema: { summary: 'A runbook with its steps', tags, params } },
    async (asked) => checklists.runbook(asked.params.id),
  );
  const list = z.object({
    incident: text.optional(),
    kind: z.enum(['runbook', 'procedure']).optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  });
  routes.get(
    '/api/v1/checklists',
    { ...viewer, schema: { summary: 'Runbooks that are or were followed', tags, querystring: list } },
    async ({ query }) => ({ items: await checklists.list(query), nextCursor: null }),
  );
  routes.get(
    '/api/v1/checklists/:id',
    { ...viewer, schema: { summary: 'A runbook that is followed, with its marks', tags, params } },
    async (asked) => checklists.read(asked.params.id),
  );
  const body = z.object({ runbook: text, incident: text.optional().describe('Id or number of an incident') });
  routes.post(
    '/api/v1/checklists',
    { ...responder, schema: { summary: 'Begin to follow a runbook', tags, body } },
    async (asked, reply) => {
      const { runbook, incident } = asked.body;
      const known = incident === undefined ? null : (await incidents.read(incident)).id;
      const id = await checklists.begin(runbook, { incident: known }, change(asked));
      return reply.code(201).send(await checklists.read(id));
    },
  );
  const step = params.extend({ step: z.coerce.number().int().min(0).max(1_000) });
  const state = z.enum(['done', 'skipped', 'failed']).nullable();
  routes.post(
    '/api/v1/checklists/:id/steps/:step',
    { ...responder, schema: { summary: 'Mark a step', tags, params: step, body: z.object({ state, note }) } },
    async (asked) => {
      const { id, step: number } = asked.params;
      await checklists.mark(id, { step: number, ...asked.body }, change(asked));
      return checklists.read(id);
    },
  );
  routes.post(
    '/api/v1/checklists/:id/actions/:step',
    {
      ...responder,
      schema: { summary: 'Do a safe action of a step', tags, params: step, body: z.object({}).nullish() },
    },
    async (asked) => {
      await checklists.act(asked.params.id, asked.params.step, change(asked));
      return checklists.read(asked.params.id);
    },
  );
}
