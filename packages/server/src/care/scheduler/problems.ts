import { formatDuration } from '../../lib/duration.ts';
import type { Run } from './job.ts';
import { slowAfter } from './trend.ts';

/** A queued run that nothing holds back and that did not begin is late, ms. */
const LATE_MS = 120_000;

/** Something wrong with a job. */
export interface JobProblem {
  job: string;
  code: 'failed' | 'missed' | 'late' | 'slow' | 'lost';
  message: string;
  /** Ms since the epoch. */
  since: number;
}

/**
 * What is wrong with a job, from its newest runs. Waiting for another job of its group is not late.
 * @param runs newest first
 * @param now ms since the epoch
 */
export function problemsOf(job: string, runs: readonly Run[], now: number): JobProblem[] {
  const durations = runs.filter((run) => run.status === 'succeeded').map((run) => durationOf(run, now));
  const limit = slowAfter(durations);
  const unfinished = runs
    .filter(({ status }) => status === 'queued' || status === 'running')
    .flatMap((run) => unfinishedProblem(run, limit, now));
  const ended = runs.find((run) => isEnd(run));
  return [...unfinished, ...(ended ? endProblem(job, ended) : [])];
}

function isEnd({ status, reason }: Run): boolean {
  return status === 'skipped' ? reason === 'missed' : status !== 'queued' && status !== 'running';
}

function durationOf({ startedAt, endedAt }: Run, now: number): number {
  return (endedAt ?? now) - (startedAt ?? now);
}

function unfinishedProblem(run: Run, limit: number | null, now: number): JobProblem[] {
  if (run.status === 'queued') {
    const due = run.slot ?? run.queuedAt;
    if (run.reason !== null || now - due <= LATE_MS) return [];
    const message = `${run.job} was due ${formatDuration(now - due)} ago and has not begun`;
    return [{ job: run.job, code: 'late', message, since: due }];
  }
  const taken = durationOf(run, now);
  if (limit === null || taken <= limit) return [];
  const message = `${run.job} runs for ${formatDuration(taken)}; it usually ends within ${formatDuration(limit)}`;
  return [{ job: run.job, code: 'slow', message, since: (run.startedAt ?? now) + limit }];
}

function endProblem(job: string, run: Run): JobProblem[] {
  const since = run.endedAt ?? run.queuedAt;
  if (run.status === 'failed') {
    return [
      {
        job,
        code: 'failed',
        message: `${job} failed: ${run.error?.message ?? run.summary ?? 'no reason given'}`,
        since,
      },
    ];
  }
  if (run.status === 'lost') return [{ job, code: 'lost', message: `${job} did not end: ${run.reason}`, since }];
  if (run.status === 'skipped') {
    const due = new Date(run.slot ?? since).toISOString();
    return [{ job, code: 'missed', message: `${job} was due at ${due} and did not run`, since }];
  }
  return [];
}
