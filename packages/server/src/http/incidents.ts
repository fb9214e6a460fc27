import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import type { Guard } from './access.ts';
import { rangeOf, timeRange } from './time-range.ts';

const DAY_MS = 86_400_000;
const text = z.string().min(1).max(300);
const params = z.object({ id: z.string().min(1).max(100) });
const instant = z.iso.datetime({ offset: true }).transform((iso) => Date.parse(iso));
const severity = z.enum(['critical', 'major', 'minor']);
const status = z.enum(['triage', 'investigating', 'identified', 'monitoring', 'resolved', 'closed', 'cancelled']);
const person = z.string().max(200).nullable().optional();
const list = z.object({
  state: z.enum(['open', 'ended', 'all']).default('all'),
  alert: z.string().max(200).optional().describe('Only those that this alert belongs to'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(40).optional(),
});
const declaration = z.object({
  title: text,
  severity: severity.optional(),
  summary: z.string().max(10_000).optional(),
  alerts: z.array(text).max(200).optional().describe('Ids of alerts that it is about'),
  startedAt: instant.optional().describe('When the fault began'),
  drill: z.boolean().optional().describe('An exercise: it is marked everywhere and counts in no figure'),
  labels: z.record(z.string().max(200), z.string().max(1_000)).optional(),
  runbook: text.optional(),
});
const edit = z.object({
  title: text.optional(),
  summary: z.string().max(10_000).optional(),
  severity: severity.optional(),
  roles: z.object({ commander: person, communications: person, scribe: person }).optional(),
  startedAt: instant.optional(),
  detectedAt: instant.optional(),
  runbook: text.nullable().optional(),
});
const via = z.object({ via: z.enum(['console', 'cli', 'api']).default('api') }).nullish();

export interface IncidentRouteDeps {
  incidents: Incidents;
  guard: Guard;
  clock: Clock;
}

/** Incidents, from the fault to the postmortem. */
export function incidentRoutes(app: FastifyInstance, deps: IncidentRouteDeps): void {
  const { incidents, guard, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['incidents'];
  const onRequest = guard('viewer');

  routes.get(
    '/api/v1/incidents',
    { onRequest, schema: { summary: 'Incidents, newest first', tags, querystring: list } },
    async ({ query }) => incidents.list(query),
  );
  routes.post(
    '/api/v1/incidents',
    { onRequest: guard('responder'), schema: { summary: 'Declare an incident', tags, body: declaration } },
    async (request, reply) => {
      const { id } = await incidents.declare(request.body, changeOf(request, clock));
      return reply.code(201).send(await incidents.read(id));
    },
  );
  routes.get(
    '/api/v1/incidents/statistics',
    { onRequest, schema: { summary: 'How long it took, median and p90', tags, querystring: z.object(timeRange) } },
    async ({ query }) => {
      const to = query.to ?? clock.now();
      const { from } = rangeOf({ from: query.from ?? to - 90 * DAY_MS, to }, clock);
      return incidents.statistics(from, to);
    },
  );
  routes.get('/api/v1/incidents/:id', { onRequest, schema: { summary: 'One incident', tags, params } }, async (asked) =>
    incidents.read(asked.params.id),
  );
  routes.get(
    '/api/v1/incidents/:id/postmortem',
    { onRequest, schema: { summary: 'The postmortem, or a draft from the timeline', tags, params } },
    async (asked) => incidents.postmortem(asked.params.id),
  );
  routes.get(
    '/api/v1/incidents/:id/evidence/:kind',
    { onRequest, schema: { summary: 'Frozen rows', tags, params: params.extend({ kind: text }) } },
    async (asked) => incidents.evidence(asked.params.id, asked.params.kind),
  );
  routes.get(
    '/api/v1/incidents/:id/impact',
    { onRequest, schema: { summary: 'Traffic, failures and response times around it, frozen', tags, params } },
    async (asked) => incidents.impact(asked.params.id),
  );
  incidentVerbs(app, deps);
}

function changeOf(request: FastifyRequest, clock: Clock) {
  return { actor: request.principal?.name ?? 'unknown', now: clock.now() };
}

function incidentVerbs(app: FastifyInstance, { incidents, guard, clock }: IncidentRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('responder');
  const schema = <Body>(summary: string, body: Body) => ({ summary, tags: ['incidents'], params, body });

  routes.post('/api/v1/incidents/:id', { onRequest, schema: schema('Change what is known', edit) }, async (asked) => {
    await incidents.edit(asked.params.id, asked.body, changeOf(asked, clock));
    return incidents.read(asked.params.id);
  });
  routes.post(
    '/api/v1/incidents/:id/status',
    {
      onRequest,
      schema: schema(
        'Move to another status',
        z.object({ status, note: z.string().max(10_000).optional(), at: instant.optional() }),
      ),
    },
    async (asked) => {
      await incidents.move(asked.params.id, asked.body, changeOf(asked, clock));
      return incidents.read(asked.params.id);
    },
  );
  routes.post(
    '/api/v1/incidents/:id/ack',
    { onRequest, schema: schema('Take it and its alerts', via) },
    async (asked) => {
      await incidents.acknowledge(asked.params.id, { ...changeOf(asked, clock), via: asked.body?.via ?? 'api' });
      return incidents.read(asked.params.id);
    },
  );
  routes.post(
    '/api/v1/incidents/:id/comments',
    { onRequest, schema: schema('Add a comment', z.object({ text: z.string().min(1).max(10_000) })) },
    async (asked, reply) => {
      await incidents.comment(asked.params.id, asked.body.text, changeOf(asked, clock));
      return reply.code(201).send(await incidents.read(asked.params.id));
    },
  );
  routes.post(
    '/api/v1/incidents/:id/tasks',
    { onRequest, schema: schema('Add a task', z.object({ title: text, assignee: person })) },
    async (asked, reply) => {
      await incidents.addTask(asked.params.id, asked.body, changeOf(asked, clock));
      return reply.code(201).send(await incidents.read(asked.params.id));
    },
  );
  routes.post(
    '/api/v1/incidents/:id/tasks/:task',
    {
      onRequest,
      schema: { ...schema('Mark a task', z.object({ done: z.boolean() })), params: params.extend({ task: text }) },
    },
    async (asked) => {
      const { id, task } = asked.params;
      await incidents.setTask(id, { id: task, done: asked.body.done }, changeOf(asked, clock));
      return incidents.read(id);
    },
  );
  routes.post(
    '/api/v1/incidents/:id/postmortem',
    { onRequest, schema: schema('Save the postmortem', z.object({ text: z.string().min(1).max(500_000) })) },
    async (asked) => {
      await incidents.savePostmortem(asked.params.id, asked.body.text, changeOf(asked, clock));
      return incidents.postmortem(asked.params.id);
    },
  );
}
