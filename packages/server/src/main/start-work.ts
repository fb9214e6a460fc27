import { audit } from '../access/audit.ts';
import type { AuditWitness } from '../access/audit-witness.ts';
import type { DatabaseWatch } from '../care/database/index.ts';
import type { Scaling } from '../care/scaling/index.ts';
import type { Scanner } from '../care/scan/index.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import type { SecurityWatch } from '../care/security/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../lib/db.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { daysToFill } from '../observe/analyses/index.ts';
import type { Errors } from '../observe/errors/index.ts';
import type { StoredMonitors } from '../observe/uptime/index.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import type { StatusPage } from '../respond/statuspage/index.ts';
import type { PlannedChecks } from '../respond/windows/index.ts';
import type { Archives } from './backup/archives.ts';
import type { LiveBackups } from './backup/open.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import { ROLLUP_JOB } from './rollup-job.ts';
import { moveFiles } from './shared-files.ts';
import type { Shutdown } from './shutdown.ts';
import { followStored, reloadMonitors, withStored } from './stored-monitors.ts';
import type { Stores } from './stores.ts';

/** The parts that do something by themselves. */
export interface WorkingParts {
  live: LiveConfig;
  plannedChecks: PlannedChecks;
  observe: Observe;
  storedMonitors: StoredMonitors;
  stores: Pick<Stores, 'signals' | 'telemetry'>;
  errors: Errors;
  alerting: Alerting;
  databases: DatabaseWatch;
  backups: LiveBackups;
  scheduler: Scheduler;
  archives: Archives;
  incidents: Incidents;
  statusPage: StatusPage;
  clock: Clock;
  db: Queryable;
  auditWitness: AuditWitness;
  security: SecurityWatch;
  scaling: Scaling;
  scanner: Scanner;
  log: Log;
  shutdown: Shutdown;
}

/** Starts evaluator, deliveries, prober, watch over databases and jobs; all follow the configuration. */
export async function startWork(parts: WorkingParts): Promise<void> {
  const { live, plannedChecks, observe, errors, alerting, databases, scheduler, log, shutdown } = parts;
  const { backups, archives, storedMonitors, incidents, statusPage, security, clock } = parts;
  parts.auditWitness.start();
  shutdown.add('watch over the audit log', () => parts.auditWitness.stop());
  await security.start();
  shutdown.add('security', () => security.stop());
  parts.scaling.start();
  shutdown.add('scaling', () => parts.scaling.stop());
  parts.scanner.start();
  shutdown.add('scanner', () => parts.scanner.stop());
  errors.start();
  shutdown.add('errors', () => errors.stop());
  const moving = moveFiles([{ move: (signal) => observe.ingest.moveAttachments(signal) }, errors], { clock, log });
  moving.start();
  shutdown.add('files that instances share', () => moving.stop());
  await plannedChecks.start();
  shutdown.add('planned work', async () => plannedChecks.stop());
  alerting.start();
  shutdown.add('alerting', () => alerting.stop());
  observe.uptime.onTransition(() => alerting.nudge());
  await observe.uptime.start(await withStored(live.current, storedMonitors));
  shutdown.add('prober', () => observe.uptime.stop());
  const unfollow = followStored(parts);
  shutdown.add('stored monitors', async () => unfollow());
  observe.probes.start();
  shutdown.add('watch over probes', () => observe.probes.stop());
  databases.start(live.current.databases);
  shutdown.add('databases', () => databases.stop());
  backups.watch.start();
  shutdown.add('backups', () => backups.watch.stop());
  scheduler.start();
  if ((await daysToFill(parts.stores.telemetry)).length > 0) await scheduler.runNow(ROLLUP_JOB, 'yumops');
  archives.follow(live.current);
  shutdown.add('archives of backups', () => archives.stop());
  incidents.start();
  shutdown.add('incidents', () => incidents.stop());
  statusPage.start();
  shutdown.add('status page', () => statusPage.stop());
  live.follow((config) => {
    noteReload(parts, config.files.length).catch((error: unknown) => {
      log.error('the reload could not be noted', { error: messageOf(error) });
    });
    alerting.reload(config);
    void plannedChecks.refresh();
    backups.watch.nudge();
    void databases.reload(config.databases);
    archives.follow(config);
    reloadMonitors(observe.uptime, config, storedMonitors).catch((error: unknown) => {
      log.error('the monitors could not be reloaded', { error: messageOf(error) });
    });
  });
}

/** A change of the configuration stands in the audit log: it may be what an incident came from. */
function noteReload({ db, clock }: WorkingParts, files: number): Promise<void> {
  const entry = { at: clock.now(), actor: 'yumops', action: 'configuration.reload', target: 'configuration' };
  return audit(db, { ...entry, detail: { files } });
}
