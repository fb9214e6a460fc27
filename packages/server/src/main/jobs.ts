import { audit } from '../access/audit.ts';
import { Scheduler } from '../care/scheduler/index.ts';
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
import { retentionJob } from './retention.ts';
import { rollupJob } from './rollup-job.ts';
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

/** Makes the scheduler with the jobs of the configuration as it is at the moment; it runs nothing yet. */
export function makeScheduler(context: {
  stores: Stores;
  observe: Observe;
  databases: DatabaseCare;
  backups: LiveBackups;
  archives: Archives;
  instance: string;
  live: LiveConfig;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
}): Scheduler {
  const { stores, databases, instance, live, clock, log, shutdown } = context;
  const { db, telemetry } = stores;
  const scheduler = new Scheduler({
    ...{ db, instance, clock, audit },
    log: log.child('jobs'),
    // One line a domain: each gives its jobs.
    jobs: () => [
      retentionJob({ telemetry, ...context.observe, live, clock }),
      rollupJob(telemetry),
      ...maintenanceJobs({ live, runner: databases.runner, clock }),
      ...jobsOfBackups(context.backups, context.archives),
    ],
    now: () => databaseNow(db),
  });
  shutdown.add('jobs', () => scheduler.stop());
  return scheduler;
}
