import type { Page, TraceDetail, TraceItem, TraceRoute } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { readTrace, readTraceRoutes, readTraces } from '../observe/traces/index.ts';
import { type Guard, reachOf } from './access.ts';
import { rangeOf, timeRange } from './time-range.ts';

const selection = {
  ...timeRange,
  service: z.string().max(200).optional(),
  name: z.string().max(2_000).optional(),
  failed: z.stringbool().optional(),
  minDurationMs: z.coerce.number().nonnegative().optional(),
};

/** Traces: what services do and how long it takes, single traces, one whole. */
export function traceRoutes(
  app: FastifyInstance,
  deps: { telemetry: TelemetryStore; guard: Guard; clock: Clock },
): void {
  const { telemetry, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer', 'project');
  const tags = ['traces'];

  routes.get(
    '/api/v1/traces/routes',
    {
      onRequest,
      schema: { summary: 'What services do, with p50, p95 and failures', tags, querystring: z.object(selection) },
    },
    async (request): Promise<Page<TraceRoute>> => ({
      items: await readTraceRoutes(telemetry.within(reachOf(request)), {
        ...request.query,
        ...rangeOf(request.query, clock),
      }),
      nextCursor: null,
    }),
  );
  routes.get(
    '/api/v1/traces',
    {
      onRequest,
      schema: {
        summary: 'Single traces, the slowest or the newest first',
        tags,
        querystring: z.object({
          ...selection,
          order: z.enum(['slowest', 'newest']).default('slowest'),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
      },
    },
    async (request): Promise<Page<TraceItem>> => {
      const { order, limit, ...query } = request.query;
      const own = telemetry.within(reachOf(request));
      return { items: await readTraces(own, { ...query, ...rangeOf(query, clock) }, order, limit), nextCursor: null };
    },
  );
  routes.get(
    '/api/v1/traces/:id',
    {
      onRequest,
      schema: {
        summary: 'A trace with its spans, log lines and errors',
        tags,
        params: z.object({ id: z.string().regex(/^[0-9a-f]{32}$/i, 'a trace id has 32 hex digits') }),
      },
    },
    async (request): Promise<TraceDetail> => {
      const { params } = request;
      const trace = await readTrace(telemetry.within(reachOf(request)), params.id.toLowerCase());
      if (trace) return trace;
      throw new YumOpsError('unknown_trace', `There is no trace ${params.id}.`, {
        hint: 'Spans are kept for the retention of `spans`, 7 days by default.',
        status: 404,
      });
    },
  );
}
