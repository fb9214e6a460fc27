import type { FastifyInstance } from 'fastify';
import { audit } from '../../src/access/audit.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { createLog } from '../../src/lib/log.ts';
import { type Alerting, createAlerting, type PlannedWork } from '../../src/respond/alerting/index.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { AlertRig, configOf, type RigOptions, START } from './alert-rig.ts';

/** The alert path on Postgres and a fake clock, with an HTTP server that has no routes yet. */
export interface AlertingApp {
  clock: FakeClock;
  rig: AlertRig;
  alerting: Alerting;
  app: FastifyInstance;
}

/** @param yaml the configuration */
export async function alertingApp(
  db: Db,
  yaml: string,
  {
    clock = new FakeClock(START),
    plannedWork,
    notifiers,
  }: { clock?: FakeClock; plannedWork?: PlannedWork } & Pick<RigOptions, 'notifiers'> = {},
): Promise<AlertingApp> {
  const log = createLog(clock, () => undefined);
  const config = configOf(yaml);
  const planned = plannedWork && { plannedWork };
  const rig = new AlertRig(config, {
    ...{ clock, store: new PostgresAlertStore(db, async () => clock.now()), ...planned },
    ...(notifiers && { notifiers }),
  });
  const alerting = createAlerting({
    ...{ db, config, audit, clock, log, publicUrl: 'https://ops.yumzoom.app', instance: 'web', ...planned },
    telemetry: { query: async () => [] } as never,
    watermark: () => undefined,
    monitorStates: async () => [],
    resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
    notifiers: () => new Map(),
  });
  return { clock, rig, alerting, app: await createHttpServer({ log, version: '0' }) };
}
