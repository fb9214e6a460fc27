import type { Signal } from './beats.ts';

/** A run that its job tells of under an id. Times in milliseconds since the epoch. */
export interface Run {
  startedAt: number;
  /** When its end was told first; null = not yet. */
  endedAt: number | null;
}

/**
 * What a check-in is to the run that it names. `corrects`: another end of a run that had ended, which stands in place of
 * the one before. `repeats`: a start that says nothing new. `ignored`: an end that comes too late.
 */
export type RunStep = 'begins' | 'ends' | 'corrects' | 'repeats' | 'ignored';

/** How long the run of a monitor without `max_runtime` may be corrected; Sentry's own default of that key. */
const DEFAULT_MAX_RUNTIME_MS = 30 * 60_000;

/**
 * Says what a check-in is to a run. Of the ends that are told within `maxRuntimeMs` of its start the last stands; a start
 * that comes later is that of another run, whose job has but one id.
 * @param run null = its first check-in
 * @param maxRuntimeMs null = the monitor has none
 */
export function runStep(
  run: Run | null,
  { kind, at }: Pick<Signal, 'kind' | 'at'>,
  maxRuntimeMs: number | null,
): RunStep {
  if (run === null) return kind === 'start' ? 'begins' : 'ends';
  const isInTime = at - run.startedAt <= (maxRuntimeMs ?? DEFAULT_MAX_RUNTIME_MS);
  if (kind === 'start') return isInTime ? 'repeats' : 'begins';
  if (run.endedAt === null) return 'ends';
  return isInTime ? 'corrects' : 'ignored';
}

/** The run after a check-in. */
export function afterStep(run: Run | null, step: RunStep, at: number): Run {
  if (run === null || step === 'begins') return { startedAt: at, endedAt: step === 'ends' ? at : null };
  return step === 'ends' ? { ...run, endedAt: at } : run;
}
