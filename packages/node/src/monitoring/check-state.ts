import type { CheckRules, HealthStatus } from './health-check.ts';

/** What the results of a check so far amount to. Times are monotonic milliseconds. */
export interface CheckState {
  shown: HealthStatus;
  /** Results of the other kind in a row, since the status changed. */
  against: number;
  /** When it passed last. */
  passedAt: number | undefined;
}

/**
 * Takes one more result. A status changes to and from `unhealthy` only after as many results in a row as the rules ask for; the first
 * result of all counts at once, as nothing is known before it.
 */
export function nextState(
  state: CheckState | undefined,
  result: HealthStatus,
  at: number,
  { failAfter = 1, passAfter = 1 }: CheckRules,
): CheckState {
  const failed = result === 'unhealthy';
  const passedAt = failed ? state?.passedAt : at;
  if (state === undefined || failed === (state.shown === 'unhealthy')) {
    return { shown: result, against: 0, passedAt };
  }
  const against = state.against + 1;
  const enough = against >= (failed ? failAfter : passAfter);
  return enough ? { shown: result, against: 0, passedAt } : { shown: state.shown, against, passedAt };
}

/** Longest age of a pass, milliseconds. */
export function longestAge({ maxAge, interval = 0 }: CheckRules): number {
  return maxAge ?? Math.max(60_000, 3 * interval);
}

/** The status to tell at `now`, and why it is not that of the last result. */
export function statusAt(
  state: CheckState,
  now: number,
  rules: CheckRules,
): { status: HealthStatus; reason: string | undefined } {
  const age = now - (state.passedAt ?? now);
  if (state.shown !== 'unhealthy' && age > longestAge(rules)) {
    return { status: 'degraded', reason: `no pass for ${Math.round(age / 1000)} s` };
  }
  const { failAfter = 1, passAfter = 1 } = rules;
  const [word, needed] = state.shown === 'unhealthy' ? ['passed', passAfter] : ['failed', failAfter];
  return {
    status: state.shown,
    reason: state.against === 0 ? undefined : `${word} ${state.against} of ${needed} times in a row`,
  };
}
