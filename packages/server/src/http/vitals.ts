import type {
  BrowserCall,
  LongFrame,
  Page,
  PageLoads,
  VitalCause,
  VitalsAnswer,
  VitalsComparison,
} from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import {
  compareReleases,
  readCalls,
  readCauses,
  readFrames,
  readLoads,
  readVitals,
  readVitalsTotal,
  VITAL_DIMENSIONS,
  type VitalDimension,
  type VitalSelection,
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

const frame = z.object({
  ...{ script: z.string(), function: z.string(), count: z.number(), sessions: z.number(), p75: z.number() },
});

const phase = z.number().nullable();
const loads = z.object({
  count: z.number(),
  phases: z.object({
    ...{ dnsLookup: phase, tcpConnection: phase, serverResponse: phase },
    ...{ domProcessing: phase, resourceLoading: phase, totalLoadTime: phase },
  }),
  resources: z.object({ files: z.number(), bytes: z.number(), cached: z.number() }).nullable(),
});

interface VitalRouteDeps {
  telemetry: TelemetryStore;
  guard: Guard;
  clock: Clock;
}

type SelectionQuery = { from?: number | undefined; to?: number | undefined } & Partial<
  Record<VitalDimension, string | undefined>
>;

const selectionOf = (query: SelectionQuery, clock: Clock): VitalSelection => ({
  ...rangeOf(query, clock),
  only: Object.fromEntries(VITAL_DIMENSIONS.flatMap((one) => (query[one] === undefined ? [] : [[one, query[one]]]))),
});

const tags = ['vitals'];

/** What visitors' browsers saw: vitals by route, device, country and release, their causes, API calls, frames, loads. */
export function vitalRoutes(app: FastifyInstance, deps: VitalRouteDeps): void {
  figureRoutes(app, deps);
  causeRoutes(app, deps);
  timingRoutes(app, deps);
}

function figureRoutes(app: FastifyInstance, { telemetry, guard, clock }: VitalRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
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
      const chosen = selectionOf(request.query, clock);
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
      return compareReleases(telemetry.within(reachOf(request)), selectionOf(query, clock), { before, after });
    },
  );
}

/** What page views with a bad value had in common. */
function causeRoutes(app: FastifyInstance, { telemetry, guard, clock }: VitalRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
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
      items: await readCauses(
        telemetry.within(reachOf(request)),
        selectionOf(request.query, clock),
        request.query.name,
      ),
      nextCursor: null,
    }),
  );
}

/** What took how long: requests, scripts, and phases of page loads. */
function timingRoutes(app: FastifyInstance, { telemetry, guard, clock }: VitalRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  routes.get(
    '/api/v1/vitals/timings',
    { onRequest, schema: { summary: 'API calls as browsers saw them', tags, querystring: z.object(selection) } },
    async (request): Promise<Page<BrowserCall>> => ({
      items: await readCalls(telemetry.within(reachOf(request)), selectionOf(request.query, clock)),
      nextCursor: null,
    }),
  );
  routes.get(
    '/api/v1/vitals/frames',
    {
      onRequest,
      schema: {
        summary: 'Scripts that kept frames of pages from being drawn',
        ...{ tags, querystring: z.object(selection) },
        response: { 200: z.object({ items: z.array(frame), nextCursor: z.null() }) },
      },
    },
    async (request): Promise<{ items: LongFrame[]; nextCursor: null }> => ({
      items: await readFrames(telemetry.within(reachOf(request)), selectionOf(request.query, clock)),
      nextCursor: null,
    }),
  );
  routes.get(
    '/api/v1/vitals/loads',
    {
      onRequest,
      schema: {
        summary: 'p75 of the phases of page loads, and what they brought with them',
        ...{ tags, querystring: z.object(selection), response: { 200: loads } },
      },
    },
    async (request): Promise<PageLoads> =>
      readLoads(telemetry.within(reachOf(request)), selectionOf(request.query, clock)),
  );
}
