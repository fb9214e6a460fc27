import type { Job } from '../care/scheduler/index.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { daysToFill, fillDerived } from '../observe/analyses/index.ts';

/** Name of the job below. */
export const ROLLUP_JOB = 'analyses-backfill';

/** The job that counts log lines for the analyses which were stored before the tables that those read. */
export function rollupJob(telemetry: TelemetryStore): Job {
  return {
    name: ROLLUP_JOB,
    title: 'Count log lines of before an upgrade for the analyses',
    schedule: null,
    group: null,
    catchUp: 'none',
    attempts: 3,
    async run({ log, progress, signal }) {
      const due = await daysToFill(telemetry);
      for (const [done, { target, day }] of due.entries()) {
        signal.throwIfAborted();
        progress(done, due.length, `${target} of ${day}`);
        const steps = await fillDerived(telemetry, { target, day });
        log(steps === 0 ? `${target} of ${day} was complete` : `${target} of ${day}: ${steps} steps counted`);
      }
      return { summary: due.length === 0 ? 'no day is due' : `${due.length} days counted` };
    },
  };
}
