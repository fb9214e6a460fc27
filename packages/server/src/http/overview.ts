import type { Alert, Instance, Monitor, Overview, Pipeline } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Reach } from '../lib/reach.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { drawVerdict, readSignals, requestsOf } from '../respond/overview/index.ts';
import { type Guard, reachOf } from './access.ts';

export interface OverviewDeps {
  guard: Guard;
  clock: Clock;
  telemetry: TelemetryStore;
  instance: Instance;
  monitors(reach: Reach): Promise<Monitor[]>;
  firingAlerts(reach: Reach): Promise<Alert[]>;
  pipeline(): Pipeline;
  /** Sentences about parts of the platform that are not well. */
  ownProblems(): Promise<string[]>;
  configErrors(): number;
}

/** What belongs to the whole installation is left out for one project. */
async function overview(deps: OverviewDeps, reach: Reach): Promise<Overview> {
  const ownProblems: string[] = [];
  const orReport = async <T>(what: string, read: Promise<T>): Promise<T | null> => {
    try {
      return await read;
    } catch (error) {
      ownProblems.push(`${what} cannot be read: ${messageOf(error)}`);
      return null;
    }
  };
  const [signals, monitors, firing, problems] = await Promise.all([
    orReport('Telemetry', readSignals(deps.telemetry.within(reach), deps.clock.now())),
    orReport('The state of the monitors', deps.monitors(reach)),
    orReport('The alerts', deps.firingAlerts(reach)),
    reach === null ? deps.ownProblems() : [],
  ]);
  const pipeline = reach === null ? deps.pipeline() : null;
  const verdict = drawVerdict({
    service: deps.instance.service,
    firing: firing ?? [],
    monitors: monitors ?? [],
    requests: requestsOf(signals),
    pipeline,
    ownProblems: [...new Set([...problems, ...ownProblems])],
    configErrors: reach === null ? deps.configErrors() : 0,
  });
  return { ...verdict, signals: signals ?? [], pipeline };
}

/** The first page's answer, and what this installation is. */
export function overviewRoutes(app: FastifyInstance, deps: OverviewDeps): void {
  const onRequest = deps.guard('viewer', 'project');
  app.get('/api/v1/overview', { onRequest }, async (request) => overview(deps, reachOf(request)));
  app.get('/api/v1/instance', { onRequest }, async () => deps.instance);
}
