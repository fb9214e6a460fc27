import type { AlertState } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../lib/clock.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import { listSlos, type Slo } from '../respond/slo/index.ts';
import type { Windows } from '../respond/windows/index.ts';
import type { Guard } from './access.ts';

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
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/slos',
    {
      onRequest: guard('viewer'),
      schema: { summary: 'Objectives, what is left of their error budgets, and how fast they burn', tags: ['slos'] },
    },
    async () => {
      const states = new Map(
        (await alerting.pages.rules()).map(({ name, state }): [string, AlertState] => [name, state]),
      );
      const stateOf = (rule: string) => states.get(rule) ?? 'inactive';
      const reading = { telemetry, plannedWork: windows.planned, stateOf };
      return { items: await listSlos(reading, deps.slos(), clock.now()), nextCursor: null };
    },
  );
}
