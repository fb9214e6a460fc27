import { audit } from '../access/audit.ts';
import type { AuditWitness } from '../access/audit-witness.ts';
import type { Scaling } from '../care/scaling/index.ts';
import type { Scanner } from '../care/scan/index.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import type { SecurityWatch } from '../care/security/index.ts';
import type { Roles } from '../config/roles.ts';
import type { Clock } from '../lib/clock.ts';
import { databaseNow } from '../lib/database-time.ts';
import type { Queryable } from '../lib/db.ts';
import { codeOf, messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { Loop } from '../lib/loop.ts';
import { daysToFill } from '../observe/analyses/index.ts';
import type { Errors } from '../observe/errors/index.ts';
import type { StoredMonitors } from '../observe/uptime/index.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import type { Incidents } from '../respond/incidents/index.ts';
import type { StatusPage } from '../respond/statuspage/index.ts';
import type { PlannedChecks } from '../respond/windows/index.ts';
import type { Archives } from './backup/archives.ts';
import type { LiveBackups } from './backup/open.ts';
import type { DatabaseCare } from './care.ts';
import type { PlatformInstances } from './instances.ts';
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
  databases: Pick<DatabaseCare, 'watch' | 'findings'>;
  instances: PlatformInstances;
  roles: Roles;
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

/** How often the time that all agree on is read where alerts are evaluated elsewhere, ms. */
const TIME_EVERY_MS = 10_000;

/** Starts what belongs to the roles of this instance; all of it follows the configuration. */
export async function startWork(parts: WorkingParts): Promise<void> {
  const { live, plannedChecks, observe, errors, databases, instances, log, shutdown } = parts;
  const { archives, storedMonitors, security, clock } = parts;
  const isWorker = parts.roles.has('worker');
  await instances.start();
  shutdown.add('leave of this instance', () => instances.stop());
  parts.auditWitness.start();
  shutdown.add('watch over the audit log', () => parts.auditWitness.stop());
  await security.start();
  shutdown.add('security', () => security.stop());
  parts.scaling.start();
  shutdown.add('scaling', () => parts.scaling.stop());
  parts.scanner.start();
  shutdown.add('scanner', () => parts.scanner.stop());
  const moving = moveFiles([{ move: (signal) => observe.ingest.moveAttachments(signal) }, errors], { clock, log });
  moving.start();
  shutdown.add('files that instances share', () => moving.stop());
  await plannedChecks.start();
  shutdown.add('planned work', async () => plannedChecks.stop());
  databases.findings.start();
  shutdown.add('findings of databases', () => databases.findings.stop());
  if (isWorker) startAlerting(parts);
  else followTime(parts);
  await observe.uptime.start(await withStored(live.current, storedMonitors));
  shutdown.add('prober', () => observe.uptime.stop());
  const unfollow = followStored(parts);
  shutdown.add('stored monitors', async () => unfollow());
  if (isWorker) await startJobs(parts);
  live.follow((config) => {
    noteReload(parts, config.files.length).catch((error: unknown) => {
      log.error('the reload could not be noted', { error: messageOf(error) });
    });
    parts.alerting.reload(config);
    void plannedChecks.refresh();
    parts.backups.watch.nudge();
    if (instances.onDuty) void databases.watch.reload(config.databases);
    if (isWorker) void archives.follow(config, instances.onDuty);
    reloadMonitors(observe.uptime, config, storedMonitors).catch((error: unknown) => {
      log.error('the monitors could not be reloaded', { error: messageOf(error) });
    });
  });
}

function startAlerting({ alerting, observe, errors, shutdown }: WorkingParts): void {
  errors.start();
  shutdown.add('errors', () => errors.stop());
  alerting.start();
  shutdown.add('alerting', () => alerting.stop());
  observe.uptime.onTransition(() => alerting.nudge());
}

/** What people do to alerts here is to have the time of those who evaluate. */
function followTime({ alerting, db, clock, log, shutdown }: WorkingParts): void {
  const loop = new Loop(
    clock,
    async () => {
      alerting.learnTime(await databaseNow(db));
      return TIME_EVERY_MS;
    },
    (error) => {
      log.debug('the time of the state store could not be read', { error: messageOf(error) });
      return TIME_EVERY_MS;
    },
  );
  loop.start();
  shutdown.add('time of the state store', () => loop.stop());
}

async function startJobs(parts: WorkingParts): Promise<void> {
  const { live, observe, scheduler, archives, instances, incidents, statusPage, shutdown } = parts;
  observe.probes.start();
  shutdown.add('watch over probes', () => observe.probes.stop());
  void archives.follow(live.current, instances.onDuty);
  shutdown.add('archives of backups', () => archives.stop());
  scheduler.start();
  await fillRollup(parts);
  incidents.start();
  shutdown.add('incidents', () => incidents.stop());
  statusPage.start();
  shutdown.add('status page', () => statusPage.stop());
}

/** What an upgrade left to fill, unless another worker does. */
async function fillRollup({ stores, scheduler }: WorkingParts): Promise<void> {
  if ((await daysToFill(stores.telemetry)).length === 0) return;
  await scheduler.runNow(ROLLUP_JOB, 'yumops').catch((error: unknown) => {
    if (codeOf(error) !== 'job_active') throw error;
  });
}

/** A change of the configuration stands in the audit log: it may be what an incident came from. */
function noteReload({ db, clock }: WorkingParts, files: number): Promise<void> {
  const entry = { at: clock.now(), actor: 'yumops', action: 'configuration.reload', target: 'configuration' };
  return audit(db, { ...entry, detail: { files } });
}
