import { audit } from '../access/audit.ts';
import { type Job, Scheduler } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import { databaseNow } from '../lib/database-time.ts';
import type { Log } from '../lib/log.ts';
import type { WatchedCondition } from '../respond/alerting/index.ts';
import type { Archives } from './backup/archives.ts';
import { jobsOfBackups } from './backup/jobs.ts';
import type { LiveBackups } from './backup/open.ts';
import type { DatabaseCare } from './care.ts';
import type { LiveConfig } from './live-config.ts';
import { maintenanceJobs } from './maintenance-job.ts';
import type { Observe } from './observe.ts';
import type { ReportDesk } from './reports.ts';
import { retentionJob } from './retention.ts';
import { rollupJob } from './rollup-job.ts';
import { type ScanJobParts, scanJobs } from './scan-jobs.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stores } from './stores.ts';

/** For the alert path: one condition for each thing that is wrong with a job. */
export function jobConditions(scheduler: Scheduler): WatchedCondition[] {
  return scheduler.seenProblems().map(({ job, code, message }) => ({
    id: `job:${job}:${code}`,
    name: `Job ${job}: ${code}`,
    labels: { job, problem: code },
    holds: true,
    forMs: 0,
    reason: message,
  }));
}

/** What the jobs of the platform work with. */
export interface JobParts {
  stores: Stores;
  observe: Observe;
  databases: DatabaseCare;
  backups: LiveBackups;
  archives: Archives;
  desk: Pick<ReportDesk, 'jobs'>;
  scanning: Pick<ScanJobParts, 'scanner' | 'publicUrl'>;
  live: LiveConfig;
  clock: Clock;
}

/** Every job that the platform has by itself, with its schedule, from the configuration as it is now: one line a domain. */
export function builtInJobs(parts: JobParts): Job[] {
  const { stores, observe, databases, backups, archives, desk, scanning, live, clock } = parts;
  return [
    retentionJob({ telemetry: stores.telemetry, ...observe, live, clock }),
    rollupJob(stores.telemetry),
    ...maintenanceJobs({ live, runner: databases.runner, clock }),
    ...jobsOfBackups(backups, archives),
    ...desk.jobs(),
    ...scanJobs({ ...scanning, live, clock }),
  ];
}

/** Makes the scheduler of the built-in jobs; it runs nothing yet. */
export function makeScheduler(
  context: JobParts & {
    instance: string;
    /** Whether other instances do the jobs. */
    elsewhere: boolean;
    log: Log;
    shutdown: Shutdown;
  },
): Scheduler {
  const { stores, instance, elsewhere, clock, log, shutdown } = context;
  const { db } = stores;
  const scheduler = new Scheduler({
    ...{ db, instance, clock, audit, elsewhere },
    log: log.child('jobs'),
    jobs: () => builtInJobs(context),
    now: () => databaseNow(db),
  });
  shutdown.add('jobs', () => scheduler.stop());
  return scheduler;
}
