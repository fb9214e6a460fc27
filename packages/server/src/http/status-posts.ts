import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import type { StatusPage } from '../respond/statuspage/index.ts';
import type { Guard } from './access.ts';

const text = z.string().min(1).max(300);
const params = z.object({ id: text });
const body = z.string().min(1).max(10_000);
const impact = z.enum(['none', 'minor', 'major', 'critical']);
const instant = z.iso.datetime({ offset: true }).transform((iso) => Date.parse(iso));
const components = z
  .array(
    z.object({
      id: text,
      status: z.enum(['operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance']),
    }),
  )
  .max(200);
const status = z.enum([
  ...(['investigating', 'identified', 'monitoring', 'resolved'] as const),
  ...(['scheduled', 'in_progress', 'verifying', 'completed'] as const),
]);
const draft = z.object({
  kind: z.enum(['incident', 'maintenance']).default('incident'),
  title: text,
  impact: impact.optional(),
  body,
  components: components.optional(),
  scheduledStart: instant.optional(),
  scheduledEnd: instant.optional(),
  publish: z.boolean().optional().describe('False = it stays a draft'),
});
const list = z.object({ incident: text.optional(), limit: z.coerce.number().int().min(1).max(200).default(50) });

export interface StatusPostDeps {
  page: StatusPage;
  incidents: Incidents;
  guard: Guard;
  clock: Clock;
}

/** What is written on the status page, for those who write it. */
export function statusPostRoutes(app: FastifyInstance, { page, incidents, guard, clock }: StatusPostDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const viewer = { onRequest: guard('viewer') };
  const responder = { onRequest: guard('responder') };
  const change = (asked: FastifyRequest) => ({ actor: asked.principal?.name ?? 'unknown', now: clock.now() });
  const schema = (summary: string) => ({ summary, tags: ['status page'] });

  routes.get('/api/v1/status', { ...viewer, schema: schema('What the status page shows, and to whom') }, async () =>
    page.summary(),
  );
  routes.get(
    '/api/v1/status/posts',
    { ...viewer, schema: { ...schema('Posts and drafts, newest first'), querystring: list } },
    async ({ query }) => page.posts(query),
  );
  routes.post(
    '/api/v1/status/posts',
    { ...responder, schema: { ...schema('Write a draft, or publish at once'), body: draft } },
    async (asked, reply) => reply.code(201).send(await page.add(asked.body, change(asked))),
  );
  routes.post(
    '/api/v1/incidents/:id/status-post',
    { ...responder, schema: { ...schema('Draft a post about an incident'), params, body: z.object({}).nullish() } },
    async (asked, reply) => {
      const incident = await incidents.read(asked.params.id);
      return reply.code(201).send(await page.draft(await incidents.outline(incident.id), change(asked)));
    },
  );
  routes.post(
    '/api/v1/status/posts/:id',
    {
      ...responder,
      schema: { ...schema('Change a draft'), params, body: z.object({ title: text, body, impact, components }) },
    },
    async (asked) => page.edit(asked.params.id, asked.body, change(asked)),
  );
  routes.post(
    '/api/v1/status/posts/:id/publish',
    { ...responder, schema: { ...schema('Make a draft public'), params, body: z.object({}).nullish() } },
    async (asked) => page.publish(asked.params.id, change(asked)),
  );
  const update = z.object({
    status: status.optional().describe('Left out = as it is'),
    ...{ body, impact: impact.optional(), components: components.optional() },
  });
  routes.post(
    '/api/v1/status/posts/:id/updates',
    { ...responder, schema: { ...schema('Tell the public more'), params, body: update } },
    async (asked, reply) => reply.code(201).send(await page.update(asked.params.id, asked.body, change(asked))),
  );
  routes.get(
    '/api/v1/status/posts/:id/suggestion',
    { ...viewer, schema: { ...schema('Words to begin with'), params, querystring: z.object({ status }) } },
    async (asked) => ({ body: await page.suggest(asked.params.id, asked.query.status) }),
  );
  routes.delete(
    '/api/v1/status/posts/:id',
    { ...responder, schema: { ...schema('Throw a draft away'), params } },
    async (asked, reply) => {
      await page.drop(asked.params.id, change(asked));
      return reply.code(204).send();
    },
  );
}
