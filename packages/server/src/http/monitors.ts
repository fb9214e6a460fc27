import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { type Availability, getMonitor, listMonitors } from '../observe/uptime/index.ts';
import { type Guard, reachOf } from './access.ts';

export interface MonitorsDeps {
  guard: Guard;
  clock: Clock;
  db: Db;
  telemetry: TelemetryStore;
  availability: Availability;
  publicUrl: string;
}

const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(5_000).default(100),
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
});

/** The monitors with their states; one monitor with its days and outages. */
export function monitorRoutes(app: FastifyInstance, deps: MonitorsDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer', 'project');

  routes.get('/api/v1/monitors', { onRequest, schema: { querystring: pageQuery } }, async (request) => {
    const { limit, cursor } = request.query;
    const page = { after: cursor === undefined ? -1 : Number(cursor), limit };
    const view = {
      availability: await knownAvailability(deps),
      publicUrl: deps.publicUrl,
      reach: reachOf(request),
    };
    const { items, nextPosition } = await listMonitors(deps.db, view, page);
    return { items, nextCursor: nextPosition === null ? null : String(nextPosition) };
  });

  routes.get(
    '/api/v1/monitors/:id',
    { onRequest, schema: { params: z.object({ id: z.string().min(1).max(300) }) } },
    async (request) => {
      const view = {
        availability: await deps.availability.read(),
        publicUrl: deps.publicUrl,
        reach: reachOf(request),
      };
      return getMonitor(deps, view, request.params.id, deps.clock.now());
    },
  );
}

/** States must be seen also while the telemetry store is away; availability is then unknown. */
async function knownAvailability({ availability }: MonitorsDeps): Promise<ReadonlyMap<string, number>> {
  try {
    return await availability.read();
  } catch {
    return new Map();
  }
}
