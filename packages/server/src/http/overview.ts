import type { Alert, Instance, Monitor, Overview } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { drawVerdict, readSignals, requestsOf } from '../respond/overview/index.ts';
import type { Guard } from './access.ts';

export interface OverviewDeps {
  guard: Guard;
  clock: Clock;
  telemetry: TelemetryStore;
  instance: Instance;
  monitors(): Promise<Monitor[]>;
  firingAlerts(): Promise<Alert[]>;
  pipeline(): Overview['pipeline'];
  /** Sentences about parts of the platform that are not well. */
  ownProblems(): Promise<string[]>;
  configErrors(): number;
}

async function overview(deps: OverviewDeps): Promise<Overview> {
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
    orReport('Telemetry', readSignals(deps.telemetry, deps.clock.now())),
    orReport('The state of the monitors', deps.monitors()),
    orReport('The alerts', deps.firingAlerts()),
    deps.ownProblems(),
  ]);
  const pipeline = deps.pipeline();
  const verdict = drawVerdict({
    service: deps.instance.service,
    firing: firing ?? [],
    monitors: monitors ?? [],
    requests: requestsOf(signals),
    pipeline,
    ownProblems: [...new Set([...problems, ...ownProblems])],
    configErrors: deps.configErrors(),
  });
  return { ...verdict, signals: signals ?? [], pipeline };
}

/** The first page's answer, and what this installation is. */
export function overviewRoutes(app: FastifyInstance, deps: OverviewDeps): void {
  const onRequest = deps.guard('viewer');
  app.get('/api/v1/overview', { onRequest }, async () => overview(deps));
  app.get('/api/v1/instance', { onRequest }, async () => deps.instance);
}
