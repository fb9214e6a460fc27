import { setTimeout as pause } from 'node:timers/promises';
import type { JobRun, JobRunDetail } from '@yumops/protocol';
import type { Client } from './client.ts';
import { progressLine } from './progress-line.ts';

/** The clock's own timers would let the command end while it waits. */
const POLL_MS = 500;

/**
 * Waits for the end of a run; shows its log and, in a terminal, its progress.
 * @param shown what is printed: the log too, or the progress alone
 */
export async function followRun(
  client: Client,
  started: JobRun,
  shown: 'all' | 'progress' | 'nothing',
): Promise<JobRunDetail> {
  let printed = 0;
  const path = `/api/v1/jobs/runs/${encodeURIComponent(started.id)}`;
  for (;;) {
    const run = await client.get<JobRunDetail>(path);
    if (shown !== 'nothing') clearProgress();
    if (shown === 'all') {
      for (const { text } of run.log.slice(printed)) process.stderr.write(`${text}\n`);
      printed = run.log.length;
    }
    if (run.endedAt !== null) return run;
    if (shown !== 'nothing') showProgress(run);
    await pause(POLL_MS);
  }
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

function showProgress({ progress, status, reason }: JobRun): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(progress ? progressText(progress) : `${status}${reason ? `: ${reason}` : ''}`);
}

const progressText = ({ done, total, what, perSecond = null }: NonNullable<JobRun['progress']>) =>
  progressLine(done, total, what, perSecond);
