import type { CheckEvidence } from '@yumops/protocol';
import { nextTick } from '../../../../lib/cron.ts';
import { formatDuration } from '../../../../lib/duration.ts';
import { type Finding, HEALTHY } from '../../attempt.ts';
import type { BeatSchedule, HeartbeatMonitorConfig } from './config.ts';

/** What a job says of itself. */
export interface Signal {
  kind: 'start' | 'success' | 'fail';
  /** Milliseconds since the epoch. */
  at: number;
  /** Exit code, where it was told. */
  exit: number | null;
  /** The end of what the job printed. */
  output: string;
}

/** What is kept of a job between its signals. Times in milliseconds since the epoch, null = never. */
export interface Beats {
  startedAt: number | null;
  /** When it last ended, well or not. */
  endedAt: number | null;
  /** The end that was not well, until one that was. */
  failure: { at: number; exit: number | null } | null;
  /** When the run began that had not ended as another one began, until the next good end. */
  overlappedAt: number | null;
  /** Milliseconds of the last run whose start and end were told. */
  lastRunMs: number | null;
  output: string;
}

/** A job that never called. */
export const NO_BEATS: Beats = {
  startedAt: null,
  endedAt: null,
  failure: null,
  overlappedAt: null,
  lastRunMs: null,
  output: '',
};

/** What is known after a signal. */
export function afterSignal(beats: Beats, { kind, at, exit, output }: Signal): Beats {
  const runningSince = runsSince(beats);
  if (kind === 'start') return { ...beats, startedAt: at, overlappedAt: runningSince ?? beats.overlappedAt };
  return {
    startedAt: beats.startedAt,
    endedAt: at,
    failure: kind === 'fail' ? { at, exit } : null,
    overlappedAt: kind === 'fail' ? beats.overlappedAt : null,
    lastRunMs: runningSince === null ? null : at - runningSince,
    output,
  };
}

/** What is known after another end of the run that had ended last: when it ended, and what has begun since, stay. */
export function afterCorrection(beats: Beats, { kind, at, exit, output }: Signal): Beats {
  return { ...beats, failure: kind === 'fail' ? { at, exit } : null, output };
}

function runsSince({ startedAt, endedAt }: Beats): number | null {
  return startedAt !== null && (endedAt === null || startedAt > endedAt) ? startedAt : null;
}

type Expected = Pick<HeartbeatMonitorConfig, 'schedule' | 'graceMs' | 'maxRuntimeMs'>;

/**
 * Says what the beats mean at a time, from nothing else: a beat that did not come while nobody looked is missed all
 * the same. A start counts as a beat; how long the run may take is up to `maxRuntimeMs`.
 * @param now milliseconds since the epoch
 */
export function judgeBeats(beats: Beats, expected: Expected, now: number): Finding {
  const last = Math.max(beats.startedAt ?? 0, beats.endedAt ?? 0);
  if (last === 0) return { verdict: 'pending', reason: null };
  const reason = failed(beats) ?? tooLong(beats, expected.maxRuntimeMs, now) ?? missing(last, expected, now);
  if (reason !== null) return { verdict: 'down', reason, evidence: evidenceOf(beats) };
  if (beats.overlappedAt === null) return HEALTHY;
  const overlap = `Expected a run to end before the next begins, the one of ${instant(beats.overlappedAt)} had not ended.`;
  return { verdict: 'degraded', reason: overlap };
}

function failed({ failure, output }: Beats): string | null {
  if (failure === null) return null;
  const exit = failure.exit === null ? '' : ` with exit code ${failure.exit}`;
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  const said = lastLine === '' ? '' : `: ${JSON.stringify(lastLine.slice(0, 200))}`;
  return `Expected the job to succeed, it failed${exit} at ${instant(failure.at)}${said}.`;
}

function tooLong(beats: Beats, maxRuntimeMs: number | null, now: number): string | null {
  const since = runsSince(beats);
  if (since === null || maxRuntimeMs === null || now - since <= maxRuntimeMs) return null;
  return `Expected the job to end within ${formatDuration(maxRuntimeMs)}, it has run since ${instant(since)}.`;
}

function missing(last: number, { schedule, graceMs }: Expected, now: number): string | null {
  const due = dueAfter(last, schedule);
  if (now <= due + graceMs) return null;
  const when = schedule.kind === 'every' ? `every ${formatDuration(schedule.ms)}` : `at ${instant(due)}`;
  return `Expected a beat ${when}, the last came at ${instant(last)}.`;
}

/** When the next beat is due after one; never, where the schedule has no more. */
function dueAfter(last: number, schedule: BeatSchedule): number {
  if (schedule.kind === 'every') return last + schedule.ms;
  return nextTick(schedule, last) ?? Number.POSITIVE_INFINITY;
}

function evidenceOf({ output }: Beats): CheckEvidence | null {
  return output === '' ? null : { status: null, headers: {}, body: output };
}

function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
