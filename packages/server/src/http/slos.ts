import type { AlertState } from '@yumops/protocol';
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

const DAYS = { '7d': 7, '28d': 28, '30d': 30 } as const;
const preview = z.object({
  slo: z.string().min(1).max(200).optional().describe('Id of an objective: its alerts and what was counted for it'),
  target: z.coerce.number().gt(0).lt(100).describe('Percent that must be good'),
  window: z.enum(['7d', '28d', '30d']).default('30d'),
});

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
      schema: { summary: 'Objectives, what is left of their error budgets, and how fast they burn', tags: ['slos'] },
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
      },
    },
    async ({ query: { slo, target, window } }) =>
      previewSlo(
        { telemetry, plannedWork: windows.planned },
        deps.slos(),
        { slo, target, days: DAYS[window] },
        clock.now(),
      ),
  );
}
