import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { runQuery } from '../observe/logs/index.ts';
import { type Guard, reachOf } from './access.ts';

const answer = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.unknown())),
  elapsedMs: z.number(),
});

/** `POST /api/v1/query`: SQL over the telemetry relations. */
export function queryRoutes(
  app: FastifyInstance,
  deps: { telemetry: TelemetryStore; guard: Guard; clock: Clock },
): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/v1/query',
    {
      onRequest: deps.guard('viewer', 'project'),
      schema: {
        summary: 'Run a SQL query over logs, requests, metrics and the other relations',
        tags: ['logs'],
        body: z.object({ sql: z.string().min(1).max(65_536) }),
        response: { 200: answer },
      },
    },
    async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      return runQuery(deps.telemetry.within(reachOf(request)), request.body.sql, deps.clock, gone.signal);
    },
  );
}
