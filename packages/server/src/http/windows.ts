import type { PlannedWindow } from '@yumops/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Windows } from '../respond/windows/index.ts';
import type { Guard } from './access.ts';
import { pageOf } from './alert-shapes.ts';

const text = z.string().min(1).max(300);
const names = z.array(text).max(200).optional();
const id = z.object({ id: text });
const planned = z.object({
  name: text,
  kind: z.enum(['maintenance', 'mute']).default('maintenance'),
  from: text.optional().describe('Local time: 2026-12-05T22:00 once, or 22:00 on every one of days'),
  to: text.optional(),
  days: z
    .array(z.enum(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']))
    .min(1)
    .max(7)
    .optional(),
  schedule: text.optional().describe('A cron expression, instead of from and to'),
  for: z.union([text, z.number().positive()]).optional().describe('How long it lasts, e.g. 2h'),
  timeZone: text.optional().describe('Zone of local times, e.g. Europe/London; default UTC'),
  monitors: names,
  services: names,
  slos: names,
  environments: names,
  matchers: names.describe('Conditions on labels of alerts'),
  reason: z.string().max(1_000).default(''),
});

const instant = z.string().nullable();
const list = z.array(z.string());
const window = z.object({
  ...{ id: z.string(), name: z.string() },
  kind: z
    .enum(['maintenance', 'mute'])
    .describe('maintenance: alerts are muted, monitors and objectives do not count; mute: alerts alone'),
  state: z.enum(['open', 'scheduled', 'over']),
  start: instant.describe('Of the opening under way, else of the next one; null = none comes any more'),
  end: instant,
  times: z.string().describe('Once, or when it comes again: sun 02:00–04:00'),
  timeZone: z.string(),
  monitors: list.describe('What it is about; nothing named = everything'),
  ...{ services: list, slos: list, environments: list, matchers: list, reason: z.string() },
  author: z.string().nullable().describe('Null = it stands in the configuration'),
  ...{ createdAt: instant, endedAt: instant, endedBy: z.string().nullable() },
}) satisfies z.ZodType<PlannedWindow>;

/** Planned work and mute times: what is muted or does not count, and when. */
export function windowRoutes(app: FastifyInstance, deps: { windows: Windows; guard: Guard; clock: Clock }): void {
  const { windows, guard, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const change = (asked: FastifyRequest) => ({ actor: asked.principal?.name ?? 'unknown', now: clock.now() });
  const tags = ['windows'];
  const onRequest = guard('responder');

  routes.get(
    '/api/v1/windows',
    {
      onRequest: guard('viewer'),
      schema: { summary: 'Planned work and mute times', tags, response: { 200: pageOf(window) } },
    },
    async () => ({ items: await windows.list(clock.now()), nextCursor: null }),
  );
  routes.post(
    '/api/v1/windows',
    {
      onRequest,
      schema: { summary: 'Plan work, or a time without alerts', tags, body: planned, response: { 201: window } },
    },
    async (asked, reply) => {
      const { timeZone, environments, ...rest } = asked.body;
      const added = await windows.add({ ...rest, time_zone: timeZone, environment: environments }, change(asked));
      return reply.code(201).send(added);
    },
  );
  routes.delete(
    '/api/v1/windows/:id',
    { onRequest, schema: { summary: 'End a window now, for good', tags, params: id } },
    async (asked, reply) => {
      await windows.end(asked.params.id, change(asked));
      return reply.code(204).send();
    },
  );
}
