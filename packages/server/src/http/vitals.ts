import type { BrowserCall, Page, VitalCause, VitalsAnswer, VitalsComparison } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import {
  compareReleases,
  readCalls,
  readCauses,
  readVitals,
  readVitalsTotal,
  VITAL_DIMENSIONS,
} from '../observe/vitals/index.ts';
import { type Guard, reachOf } from './access.ts';
import { rangeOf, timeRange } from './time-range.ts';

const text = z.string().max(500).optional();
const selection = { ...timeRange, route: text, device: text, country: text, release: text };

const sample = z
  .object({
    ...{ p75: z.number(), low: z.number(), high: z.number(), count: z.number() },
    rating: z.enum(['good', 'needs-improvement', 'poor']),
  })
  .nullable();

const comparison = z.object({
  before: z.string().nullable(),
  after: z.string().nullable(),
  releases: z.array(z.object({ release: z.string(), firstSeenAt: z.string(), views: z.number() })),
  items: z.array(
    z.object({
      ...{ name: z.enum(['LCP', 'INP', 'CLS', 'FCP', 'TTFB']), before: sample, after: sample },
      ...{ difference: z.number().nullable(), share: z.number().nullable() },
      verdict: z.enum(['better', 'worse', 'no-difference', 'too-few']),
    }),
  ),
});

/** What visitors' browsers saw: vitals by route, device, country and release, their causes, API calls. */
export function vitalRoutes(
  app: FastifyInstance,
  deps: { telemetry: TelemetryStore; guard: Guard; clock: Clock },
): void {
  const { telemetry, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer', 'project');
  const tags = ['vitals'];
  const selectionOf = (
    query: { from?: number | undefined; to?: number | undefined } & Partial<
      Record<(typeof VITAL_DIMENSIONS)[number], string | undefined>
    >,
  ) => ({
    ...rangeOf(query, clock),
    only: Object.fromEntries(VITAL_DIMENSIONS.flatMap((one) => (query[one] === undefined ? [] : [[one, query[one]]]))),
  });

  routes.get(
    '/api/v1/vitals',
    {
      onRequest,
      schema: {
        summary: 'p75 and shares of the web vitals, by route, device, country or release',
        tags,
        querystring: z.object({ ...selection, by: z.enum(VITAL_DIMENSIONS).default('route') }),
      },
    },
    async (request): Promise<VitalsAnswer> => {
      const chosen = selectionOf(request.query);
      const own = telemetry.within(reachOf(request));
      const [total, items] = await Promise.all([
        readVitalsTotal(own, chosen),
        readVitals(own, chosen, request.query.by),
      ]);
      return { total, items, nextCursor: null };
    },
  );
  routes.get(
    '/api/v1/vitals/compare',
    {
      onRequest,
      schema: {
        summary: 'p75 of the web vitals of two releases side by side, by default of the newest two',
        tags,
        querystring: z.object({
          ...{ ...timeRange, route: text, device: text, country: text },
          ...{ before: text, after: text },
        }),
        response: { 200: comparison },
      },
    },
    async (request): Promise<VitalsComparison> => {
      const { before, after, ...query } = request.query;
      return compareReleases(telemetry.within(reachOf(request)), selectionOf(query), { before, after });
    },
  );
  routes.get(
    '/api/v1/vitals/causes',
    {
      onRequest,
      schema: {
        summary: 'What page views with a bad value of a vital had in common',
        tags,
        querystring: z.object({ ...selection, name: z.enum(['LCP', 'INP', 'CLS', 'FCP', 'TTFB']) }),
      },
    },
    async (request): Promise<Page<VitalCause>> => ({
      items: await readCauses(telemetry.within(reachOf(request)), selectionOf(request.query), request.query.name),
      nextCursor: null,
    }),
  );
  routes.get(
    '/api/v1/vitals/timings',
    { onRequest, schema: { summary: 'API calls as browsers saw them', tags, querystring: z.object(selection) } },
    async (request): Promise<Page<BrowserCall>> => ({
      items: await readCalls(telemetry.within(reachOf(request)), selectionOf(request.query)),
      nextCursor: null,
    }),
  );
}
