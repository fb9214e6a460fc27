import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { findMonitorId, listChecks } from '../observe/uptime/index.ts';
import { type Guard, reachOf } from './access.ts';

export interface ChecksDeps {
  guard: Guard;
  clock: Clock;
  db: Db;
  telemetry: TelemetryStore;
}

const checksQuery = z.object({
  /** Id or name of a monitor. */
  monitor: z.string().min(1).max(300).optional(),
  ok: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(100).optional(),
});

/** The checks that were made, newest first, with phases and the evidence of failures. */
export function checkRoutes(app: FastifyInstance, deps: ChecksDeps): void {
  app
    .withTypeProvider<ZodTypeProvider>()
    .get(
      '/api/v1/checks',
      { onRequest: deps.guard('viewer', 'project'), schema: { querystring: checksQuery } },
      async (request) => {
        const { monitor, ...query } = request.query;
        const reach = reachOf(request);
        const monitorId = monitor === undefined ? undefined : await findMonitorId(deps.db, monitor, reach);
        return listChecks(
          { ...deps, telemetry: deps.telemetry.within(reach) },
          { ...query, monitorId },
          deps.clock.now(),
        );
      },
    );
}
