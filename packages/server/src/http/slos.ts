import type { AlertState, SloItem, SloPreview } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { reachesAll } from '../lib/reach.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import { listSlos, previewSlo, type Slo } from '../respond/slo/index.ts';
import type { Windows } from '../respond/windows/index.ts';
import { type Guard, reachOf } from './access.ts';
import { pageOf, severity, state } from './alert-shapes.ts';

const DAYS = { '7d': 7, '28d': 28, '30d': 30 } as const;
const preview = z.object({
  slo: z.string().min(1).max(200).optional().describe('Id of an objective: its alerts and what was counted for it'),
  target: z.coerce.number().gt(0).lt(100).describe('Percent that must be good'),
  window: z.enum(['7d', '28d', '30d']).default('30d'),
});

const number = z.number().nullable();
const timeToPage = z
  .array(z.object({ failingPercent: z.number(), seconds: number, alert: z.string().nullable() }))
  .describe('Time until the first page by the share of failures, of steady traffic that was good before');
const burnAlert = z.object({
  ...{ name: z.string(), factor: z.number(), long: z.string(), short: z.string(), severity, state },
  longRate: number.describe('How fast the budget burnt in the long window; null = no events'),
  shortRate: number,
});
const slo = z.object({
  ...{ id: z.string(), name: z.string() },
  target: z.number().describe('Percent that must be good'),
  window: z.string().describe('7d, 28d or 30d'),
  sli: z.object({
    kind: z.enum(['requests', 'checks', 'latency']),
    labels: z.record(z.string(), z.string()),
    underMs: number,
  }),
  sentence: z.string().describe('The objective as one sentence'),
  state: z.enum(['ok', 'burning', 'exhausted', 'unknown']).describe('unknown: nothing was counted in the window'),
  attained: number.describe('Percent of good events in the window; null = no events'),
  ...{ total: z.number(), bad: z.number() },
  budget: z.object({
    allowed: z.number().describe('Events that may be bad in the window at its traffic so far'),
    spent: z.number(),
    remaining: z.number().describe('Percent that is left; negative when more was spent than there was'),
    exhaustedAt: z.string().nullable().describe('When it is used up if it goes on as in the last hour'),
  }),
  burnRate: number.describe('How many times faster than allowed it burnt in the last hour; null = no events'),
  alerts: z.array(burnAlert),
  timeToPage,
  history: z
    .array(z.object({ day: z.string(), attained: number, remaining: number }))
    .describe('The last days, oldest first'),
}) satisfies z.ZodType<SloItem>;
const previewed = z.object({
  ...{ target: z.number(), window: z.string() },
  outageSeconds: z.number().describe('How long everything may fail in the window'),
  timeToPage,
  measured: z
    .object({
      ...{ attained: z.number(), total: z.number(), bad: z.number(), allowed: z.number(), remaining: z.number() },
    })
    .nullable()
    .describe('Of the objective that was named, as its events were; null = no events'),
}) satisfies z.ZodType<SloPreview>;

export interface SloRouteDeps {
  /** The objectives of the configuration in use. */
  slos(): readonly Slo[];
  telemetry: TelemetryStore;
  alerting: Pick<Alerting, 'pages'>;
  windows: Pick<Windows, 'planned'>;
  guard: Guard;
  clock: Clock;
}

/** `GET /api/v1/slos`: objectives with their error budgets, burn rates and the time to the first page. */
export function sloRoutes(app: FastifyInstance, deps: SloRouteDeps): void {
  const { telemetry, alerting, windows, guard, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/api/v1/slos',
    {
      onRequest: guard('viewer', 'project'),
      schema: {
        ...{ summary: 'Objectives, what is left of their error budgets, and how fast they burn', tags: ['slos'] },
        response: { 200: pageOf(slo) },
      },
    },
    async (request) => {
      const own = deps.slos().filter(({ indicator }) => reachesAll(reachOf(request), indicator.projects));
      const states = new Map(
        (await alerting.pages.rules()).map(({ name, state }): [string, AlertState] => [name, state]),
      );
      const stateOf = (rule: string) => states.get(rule) ?? 'inactive';
      const reading = { telemetry, plannedWork: windows.planned, stateOf };
      return { items: await listSlos(reading, own, clock.now()), nextCursor: null };
    },
  );
  routes.get(
    '/api/v1/slos/preview',
    {
      onRequest: guard('viewer'),
      schema: {
        ...{ summary: 'What other numbers would mean: time to the first page, what is left', tags: ['slos'] },
        querystring: preview,
        response: { 200: previewed },
      },
    },
    async ({ query: { slo: id, target, window } }) =>
      previewSlo(
        { telemetry, plannedWork: windows.planned },
        deps.slos(),
        { slo: id, target, days: DAYS[window] },
        clock.now(),
      ),
  );
}
