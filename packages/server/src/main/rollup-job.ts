import type { Job } from '../care/scheduler/index.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { daysToFill, fillRollup } from '../observe/analyses/index.ts';

/** Name of the job below. */
export const ROLLUP_JOB = 'analyses-backfill';

/** The job that counts log lines for the analyses which were stored before their rollup was there. */
export function rollupJob(telemetry: TelemetryStore): Job {
  return {
    name: ROLLUP_JOB,
    title: 'Count log lines of before an upgrade for the analyses',
    schedule: null,
    group: null,
    catchUp: 'none',
    attempts: 3,
    async run({ log, progress, signal }) {
      const days = await daysToFill(telemetry);
      for (const [done, day] of days.entries()) {
        signal.throwIfAborted();
        progress(done, days.length, day);
        const steps = await fillRollup(telemetry, day);
        log(steps === 0 ? `${day} was complete` : `${day}: ${steps} steps of five minutes counted`);
      }
      return { summary: days.length === 0 ? 'no day is due' : `${days.length} days counted` };
    },
  };
}
