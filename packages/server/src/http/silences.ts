import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { YumOpsError } from '../lib/errors.ts';
import type { Silences } from '../respond/alerting/index.ts';
import type { Guard } from './access.ts';
import { alert, pageOf, silence } from './alert-shapes.ts';
import { instant } from './instant.ts';

const tags = ['silences'];
const id = z.object({ id: z.string().min(1).max(40) });
const matchers = z.array(z.string().min(1).max(700)).min(1).max(20).describe('name="value", or !=, =~, !~');
const request = z.object({
  matchers,
  start: instant.optional(),
  end: instant.optional(),
  untilResolved: z.boolean().optional(),
  reason: z.string().max(1_000),
  confirm: z.boolean().optional(),
});

/** Silences: what is muted, why, and until when. */
export function silenceRoutes(app: FastifyInstance, deps: { silences: Silences; guard: Guard }): void {
  const { silences, guard } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const actor = (asked: FastifyRequest) => asked.principal?.name ?? 'unknown';
  const onRequest = guard('responder');

  routes.get(
    '/api/v1/silences',
    {
      onRequest: guard('viewer'),
      schema: { summary: 'Silences, newest first', tags, response: { 200: pageOf(silence) } },
    },
    async () => ({ items: await silences.list(), nextCursor: null }),
  );
  routes.post(
    '/api/v1/silences/preview',
    {
      onRequest: guard('viewer'),
      schema: {
        summary: 'What fires now and would be muted',
        ...{ tags, body: z.object({ matchers }), response: { 200: pageOf(alert) } },
      },
    },
    async ({ body }) => ({ items: await silences.preview(body.matchers), nextCursor: null }),
  );
  routes.post(
    '/api/v1/silences',
    { onRequest, schema: { summary: 'Silence alerts', tags, body: request, response: { 201: silence } } },
    async (asked, reply) => {
      const { untilResolved = false, end, ...rest } = asked.body;
      if ((end === undefined) !== untilResolved) {
        throw new YumOpsError('invalid_silence', 'A silence has either an end or untilResolved.', {
          hint: 'Add "end": an ISO time, or "untilResolved": true.',
          status: 400,
        });
      }
      const made = await silences.add({ ...rest, end: end ?? null, author: actor(asked) });
      return reply.code(201).send(made);
    },
  );
  routes.delete(
    '/api/v1/silences/:id',
    { onRequest, schema: { summary: 'End a silence now', tags, params: id } },
    async (asked, reply) => {
      await silences.end(asked.params.id, actor(asked));
      return reply.code(204).send();
    },
  );
}
