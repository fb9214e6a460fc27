import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { StoredMonitors } from '../observe/uptime/index.ts';
import type { Guard } from './access.ts';

export interface MonitorEditorDeps {
  guard: Guard;
  clock: Clock;
  stored: StoredMonitors;
}

const params = z.object({ id: z.string().min(1).max(300) });
/** The keys of `monitors:` in the configuration; `allow_private` is false unless it is written. */
const definition = z.record(z.string().max(100), z.unknown());

/** Monitors that stand in no file: made, changed and removed by administrators. */
export function monitorEditorRoutes(app: FastifyInstance, { guard, clock, stored }: MonitorEditorDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('admin');
  const change = ({ principal }: FastifyRequest) => ({ actor: principal?.name ?? 'unknown', now: clock.now() });

  routes.post('/api/v1/monitors', { onRequest, schema: { body: definition } }, async (request, reply) =>
    reply.code(201).send(await stored.add(request.body, change(request))),
  );
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
