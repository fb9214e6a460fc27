import type { JobItem, JobRun, JobRunStatus } from '@yumops/protocol';
import type { Look } from '../../components/state.tsx';

const RUN: Record<JobRunStatus, Look> = {
  queued: { tone: 'info', word: 'Waiting', icon: 'pending' },
  running: { tone: 'info', word: 'Running', icon: 'pending' },
  succeeded: { tone: 'ok', word: 'Done' },
  failed: { tone: 'bad', word: 'Failed' },
  cancelled: { tone: 'none', word: 'Cancelled' },
  lost: { tone: 'warn', word: 'Lost' },
  skipped: { tone: 'warn', word: 'Skipped' },
};

export function runLook(run: JobRun): Look {
  return RUN[run.status];
}

/** How a job stands: what it does now, else what is wrong, else how it last ended. */
export function jobLook(job: JobItem): Look {
  if (job.activeRun) return runLook(job.activeRun);
  const problem = job.problems[0];
  if (problem) return problem.code === 'failed' ? RUN.failed : { tone: 'warn', word: PROBLEM[problem.code] };
  return job.lastRun ? runLook(job.lastRun) : { tone: 'unknown', word: 'Never ran' };
}

const PROBLEM = { failed: 'Failed', missed: 'Missed', late: 'Late', slow: 'Slow', lost: 'Lost' } as const;

/** What there is to say of a run, in one line. */
export function runText(run: JobRun): string {
  return run.error?.message ?? run.reason ?? run.summary ?? '';
}
