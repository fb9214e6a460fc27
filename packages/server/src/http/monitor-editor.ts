import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { reaches } from '../lib/reach.ts';
import type { StoredMonitors, Uptime } from '../observe/uptime/index.ts';
import { type Guard, reachOf } from './access.ts';

export interface MonitorEditorDeps {
  guard: Guard;
  clock: Clock;
  stored: StoredMonitors;
  uptime: Pick<Uptime, 'monitors' | 'tryOut'>;
}

const params = z.object({ id: z.string().min(1).max(300) });
/** The keys of `monitors:` in the configuration; `allow_private` is false unless it is written. */
const definition = z.record(z.string().max(100), z.unknown());

/** Monitors that stand in no file: made, changed and removed by administrators. */
export function monitorEditorRoutes(app: FastifyInstance, { guard, clock, stored, uptime }: MonitorEditorDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('admin');
  const change = ({ principal }: FastifyRequest) => ({ actor: principal?.name ?? 'unknown', now: clock.now() });

  routes.post('/api/v1/monitors', { onRequest, schema: { body: definition } }, async (request, reply) =>
    reply.code(201).send(await stored.add(request.body, change(request))),
  );
  routes.post(
    '/api/v1/monitors/test',
    {
      onRequest,
      schema: {
        summary: 'Try out a monitor before it is stored; `id` names the stored one whose masked secrets are meant',
        body: z.object({ definition, id: z.string().min(1).max(300).optional() }),
      },
    },
    async (request) => stored.test(request.body.definition, request.body.id),
  );
  routes.post(
    '/api/v1/monitors/:id/check',
    {
      onRequest: guard('responder', 'project'),
      schema: { summary: 'Make one check from here at once, which counts for nothing', params },
    },
    async (request) => {
      const monitor = uptime
        .monitors()
        .find(({ id, name, project }) => [id, name].includes(request.params.id) && reaches(reachOf(request), project));
      if (!monitor) throw notFound(request.params.id);
      return uptime.tryOut(monitor);
    },
  );
  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    routes.post(`/api/v1/monitors/:id/${verb}`, { onRequest, schema: { params } }, async (request, reply) => {
      await stored.pause(request.params.id, paused, change(request));
      return reply.code(204).send();
    });
  }
  routes.get('/api/v1/monitors/:id/definition', { onRequest, schema: { params } }, async (request) => ({
    definition: await stored.definition(request.params.id),
  }));
  routes.put('/api/v1/monitors/:id', { onRequest, schema: { params, body: definition } }, async (request) =>
    stored.replace(request.params.id, request.body, change(request)),
  );
  routes.delete('/api/v1/monitors/:id', { onRequest, schema: { params } }, async (request, reply) => {
    await stored.remove(request.params.id, change(request));
    return reply.code(204).send();
  });
}

function notFound(key: string): YumOpsError {
  return new YumOpsError('monitor_not_found', `There is no monitor "${key}".`, { status: 404 });
}
