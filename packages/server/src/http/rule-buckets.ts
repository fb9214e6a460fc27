import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Reach } from '../lib/reach.ts';
import type { BucketSource } from '../respond/alerting/index.ts';
import { type Guard, reachOf } from './access.ts';

/** Of one answer. */
const LONGEST_MS = 86_400_000;

const instant = z.coerce.number().int().nonnegative();

const asked = z
  .object({
    series: z.string().min(1).max(300),
    dimensions: z.string().max(1_000).default(''),
    from: instant,
    to: instant,
    width: z.coerce.number().int().min(1_000).max(60_000).multipleOf(1_000),
    classes: z.enum(['true', 'false']).default('false'),
  })
  .refine(({ from, to }) => to >= from && to - from <= LONGEST_MS, 'from and to are at most a day apart');

const bucket = z.object({
  at: z.number(),
  labels: z.record(z.string(), z.string()),
  ...{ count: z.number(), bad: z.number(), sum: z.number(), min: z.number(), max: z.number() },
  ...{ last: z.number(), lastAt: z.number() },
  classes: z.array(z.tuple([z.number(), z.number()])),
});

/** `GET /api/v1/rule-buckets`: what alert rules read, for a replay of a rule over the past. */
export function ruleBucketRoutes(
  app: FastifyInstance,
  deps: { buckets: (reach: Reach) => BucketSource; guard: Guard },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/rule-buckets',
    {
      onRequest: deps.guard('viewer', 'project'),
      schema: {
        summary: 'Counts and sums by series and time, as alert rules read them',
        tags: ['alerts'],
        querystring: asked,
        response: { 200: z.object({ items: z.array(bucket) }) },
      },
    },
    async (request) => {
      const { series, dimensions, from, to, width, classes } = request.query;
      const names = dimensions.split(',').filter((name) => name !== '');
      const items = await deps.buckets(reachOf(request)).read({
        ...{ series, dimensions: names, from, to, widthMs: width },
        classes: classes === 'true',
      });
      return { items: items.map((item) => ({ ...item, labels: { ...item.labels }, classes: pairs(item.classes) })) };
    },
  );
}

function pairs(classes: readonly (readonly [number, number])[]): [number, number][] {
  return classes.map(([index, count]) => [index, count]);
}
