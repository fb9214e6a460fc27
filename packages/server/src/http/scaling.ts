import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Scaling } from '../care/scaling/index.ts';
import type { Guard } from './access.ts';

const outlook = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('unknown'),
    reason: z.enum(['no_data', 'too_short', 'too_few', 'stale', 'no_limit']),
    message: z.string(),
  }),
  z.object({ state: z.literal('full') }),
  z.object({ state: z.literal('none'), horizonDays: z.number() }),
  z.object({
    state: z.literal('limit'),
    earliest: z.number(),
    days: z.number().nullable(),
    latest: z.number().nullable(),
    horizonDays: z.number(),
  }),
]);

const point = z.object({ at: z.number(), value: z.number() });

const resource = z.object({
  id: z.string(),
  title: z.string(),
  unit: z.enum(['B', '%', '/s', '']),
  current: z.number().nullable(),
  limit: z.number().nullable(),
  limitFrom: z.string(),
  outlook,
  sentence: z.string(),
  growthPerDay: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
  since: z.number().nullable().describe('Begin of the history that the forecast was made of, ms since the epoch'),
  samples: z.number(),
  query: z.string().describe('The statement that gives the history'),
  history: z.array(point),
  band: z.array(z.object({ at: z.number(), low: z.number(), mean: z.number(), high: z.number() })),
});

const figure = z.object({
  id: z.string(),
  group: z.enum(['traffic', 'database', 'connections', 'disk', 'telemetry', 'backups']),
  of: z.string(),
  label: z.string(),
  value: z.number(),
  unit: z.enum(['B', '%', '/s', '', 'rows/day', 'B/row', 'B/day', 'rows']),
  samples: z.number(),
  query: z.string(),
});

const finding = z.object({
  file: z.string(),
  line: z.number(),
  col: z.number(),
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  message: z.string(),
  suggestion: z.string().nullable(),
});

const report = z.object({
  at: z.number(),
  resources: z.array(resource),
  figures: z.array(figure),
  routes: z.object({
    items: z.array(
      z.object({
        endpoint: z.string(),
        requests: z.number(),
        perSecond: z.number(),
        p50: z.number(),
        p99: z.number(),
        slowest: z.number(),
      }),
    ),
    query: z.string(),
  }),
  memory: z.object({
    items: z.array(z.object({ service: z.string(), percent: z.number(), samples: z.number() })),
    query: z.string(),
  }),
  recommendations: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      setting: z.string(),
      current: z.string(),
      recommended: z.string(),
      reason: z.string(),
      basis: z.array(z.string()),
      cost: z.object({ perMonth: z.number(), currency: z.string() }).nullable(),
      costNote: z.string(),
    }),
  ),
  vercel: z.object({ file: z.string(), plan: z.string(), findings: z.array(finding) }).nullable(),
  problems: z.array(z.object({ source: z.string(), message: z.string() })),
});

/** `GET /api/v1/scaling`: what can run out and when, measured figures, and settings that should be other ones. */
export function scalingRoutes(app: FastifyInstance, deps: { scaling: Pick<Scaling, 'report'>; guard: Guard }): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/scaling',
    {
      onRequest: deps.guard('viewer'),
      schema: {
        summary: 'Capacity: days to each limit, measured figures, recommended settings, findings about vercel.json',
        tags: ['scaling'],
        response: { 200: report },
      },
    },
    () => deps.scaling.report(),
  );
}
