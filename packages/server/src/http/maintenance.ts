import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { MAINTENANCE_TASKS, type MaintenanceRunner, type StoredLedger } from '../care/database/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Guard } from './access.ts';

export interface MaintenanceRouteDeps {
  guard: Guard;
  clock: Clock;
  runner: MaintenanceRunner;
  ledger: StoredLedger;
  /** @throws YumOpsError `wrong_use` where there is no such database */
  requireDatabase(name: string): void;
}

const name = z.object({ name: z.string().min(1).max(200) });
const run = name.extend({ id: z.string().min(1).max(60) });
const tasks = z.array(z.enum(MAINTENANCE_TASKS)).min(1);
const wish = z.object({
  tasks: tasks.default([...MAINTENANCE_TASKS]),
  approve: z.boolean().default(false).describe('Validate constraints that no row breaks'),
});
const list = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) });

/** Maintenance of a database: runs with their actions, what would be done, and the kill switch. */
export function maintenanceRoutes(app: FastifyInstance, deps: MaintenanceRouteDeps): void {
  readRoutes(app, deps);
  changeRoutes(app, deps);
}

function readRoutes(app: FastifyInstance, { guard, runner, ledger, requireDatabase }: MaintenanceRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer');

  routes.get(
    '/api/v1/databases/:name/maintenance/runs',
    { onRequest, schema: { params: name, querystring: list } },
    async ({ params, query }) => {
      requireDatabase(params.name);
      return { items: await ledger.runs(params.name, query.limit), nextCursor: null };
    },
  );
  routes.get(
    '/api/v1/databases/:name/maintenance/runs/:id',
    { onRequest, schema: { params: run } },
    async ({ params }) => ledger.run(params.name, params.id),
  );
  routes.post(
    '/api/v1/databases/:name/maintenance/plan',
    { onRequest, schema: { params: name, body: wish.nullish() } },
    async ({ params, body }) => {
      const items = await runner.plan(params.name, body?.tasks ?? MAINTENANCE_TASKS);
      return { items, nextCursor: null };
    },
  );
}

function changeRoutes(app: FastifyInstance, deps: MaintenanceRouteDeps): void {
  const { guard, runner, ledger, clock, requireDatabase } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('admin');
  const by = (request: FastifyRequest) => request.principal?.name ?? 'unknown';

  routes.post(
    '/api/v1/databases/:name/maintenance',
    { onRequest, schema: { params: name, body: wish.nullish() } },
    async (request, reply) => {
      const { tasks: wanted = MAINTENANCE_TASKS, approve = false } = request.body ?? {};
      const { name: database } = request.params;
      const { id } = await runner.start({
        database,
        tasks: wanted,
        approve,
        startedBy: by(request),
        trigger: 'manual',
      });
      return reply.code(202).send({ id });
    },
  );
  routes.post(
    '/api/v1/databases/:name/maintenance/stop',
    { onRequest, schema: { params: name } },
    async (request, reply) => {
      const { name: database } = request.params;
      requireDatabase(database);
      await ledger.stop(database, { by: by(request), at: clock.now() });
      return reply.code(202).send({ stopping: true });
    },
  );
  routes.post(
    '/api/v1/databases/:name/maintenance/pause',
    {
      onRequest: guard('responder'),
      schema: { params: name, body: z.object({ reason: z.string().min(1).max(1_000) }) },
    },
    async (request) => {
      requireDatabase(request.params.name);
      const pause = { by: by(request), reason: request.body.reason, at: clock.now() };
      await ledger.pause(request.params.name, pause);
      return pause;
    },
  );
  routes.post(
    '/api/v1/databases/:name/maintenance/resume',
    { onRequest, schema: { params: name } },
    async (request, reply) => {
      requireDatabase(request.params.name);
      await ledger.resume(request.params.name, { by: by(request), at: clock.now() });
      return reply.code(204).send();
    },
  );
}
