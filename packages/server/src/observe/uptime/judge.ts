import type { MonitorState } from '@yumops/protocol';
import type { Verdict } from './check.ts';

/** What is known of a monitor, and what must survive a restart. Times in milliseconds since the epoch. */
export interface MonitorStatus {
  state: MonitorState;
  /** When it came into this state; null while it was never checked. */
  since: number | null;
  /** Why it is in this state; null when it is up, pending or paused. */
  reason: string | null;
  /** Failed checks in a row; more than `retries` of them confirm that the target is down. */
  failures: number;
  /** Good checks in a row since it was confirmed down. */
  successes: number;
  lastCheckedAt: number | null;
}

/** A verdict, or the finding that the prober itself has no network. */
export interface Observation {
  verdict: Verdict | 'network-down';
  reason: string | null;
}

export interface JudgePolicy {
  /** Failed re-checks before the monitor is down. */
  retries: number;
  /** Good checks before it is up again. */
  recovery: number;
  intervalMs: number;
}

/** A change of state, to be stored and told. */
export interface Transition {
  from: MonitorState;
  to: MonitorState;
  at: number;
  reason: string | null;
}

export interface Judged {
  status: MonitorStatus;
  transition: Transition | null;
  /** Check again after so many milliseconds, if that comes before the next slot; null = the slot is soon enough. */
  recheckInMs: number | null;
}

/** A suspicion is confirmed, or a recovery, after this long at the latest. */
const CONFIRM_MS = 10_000;

/** A monitor that is down is checked at least this often, so that the end of an outage is seen soon. */
const WHILE_DOWN_MS = 30_000;

/** The status of a monitor that was never checked. */
export const UNCHECKED: MonitorStatus = {
  state: 'pending',
  since: null,
  reason: null,
  failures: 0,
  successes: 0,
  lastCheckedAt: null,
};

/**
 * Decides what one observation means. A monitor goes down after `retries + 1` failures in a row and comes up after
 * `recovery` good checks in a row; an observation that says nothing of the target leaves both counts alone.
 * @param now milliseconds since the epoch
 */
export function judge(status: MonitorStatus, seen: Observation, policy: JudgePolicy, now: number): Judged {
  const counted = count(status, seen, policy);
  const state = stateAfter(status, counted, seen, policy);
  const changed = state !== status.state;
  const reason = reasonAfter(status, state, seen);
  return {
    status: {
      ...counted,
      state,
      since: changed || status.since === null ? now : status.since,
      reason,
      lastCheckedAt: now,
    },
    transition: changed ? { from: status.state, to: state, at: now, reason } : null,
    recheckInMs: recheckAfter(state, counted, seen, policy),
  };
}

/** The status after a monitor was found to be in `state` at `now`, with the change if it is one; counters stay. */
export function moveTo(status: MonitorStatus, state: MonitorState, reason: string | null, now: number): Judged {
  const changed = state !== status.state;
  return {
    status: { ...status, state, reason, since: changed || status.since === null ? now : status.since },
    transition: changed ? { from: status.state, to: state, at: now, reason } : null,
    recheckInMs: null,
  };
}

/** The status of a monitor that was paused, or taken up again, in the configuration. */
export function setPaused(status: MonitorStatus, paused: boolean, now: number): Judged {
  const state = paused ? 'paused' : 'pending';
  if ((status.state === 'paused') === paused) return { status, transition: null, recheckInMs: null };
  return {
    status: { ...UNCHECKED, state, since: now, lastCheckedAt: status.lastCheckedAt },
    transition: { from: status.state, to: state, at: now, reason: null },
    recheckInMs: null,
  };
}

type Counters = Pick<MonitorStatus, 'failures' | 'successes'>;

function count(status: MonitorStatus, { verdict }: Observation, policy: JudgePolicy): Counters {
  const { failures, successes } = status;
  if (verdict === 'down') return { failures: failures + 1, successes: 0 };
  if (saysNothing(verdict)) return { failures, successes };
  const recovered = !isConfirmedDown(status, policy) || successes + 1 >= policy.recovery;
  return recovered ? { failures: 0, successes: 0 } : { failures, successes: successes + 1 };
}

type Silent = 'unknown' | 'network-down' | 'pending';

function saysNothing(verdict: Observation['verdict']): verdict is Silent {
  return verdict === 'unknown' || verdict === 'network-down' || verdict === 'pending';
}

function isConfirmedDown(status: MonitorStatus, policy: JudgePolicy): boolean {
  return status.state === 'down' || status.failures > policy.retries;
}

function stateAfter(
  status: MonitorStatus,
  counted: Counters,
  { verdict }: Observation,
  policy: JudgePolicy,
): MonitorState {
  if (saysNothing(verdict)) return verdict;
  if (verdict === 'down') {
    return status.state === 'down' || counted.failures > policy.retries ? 'down' : beforeConfirmation(status.state);
  }
  return counted.failures > 0 ? 'down' : verdict;
}

/** Until a failure is confirmed the last trusted state stands. */
function beforeConfirmation(state: MonitorState): MonitorState {
  return state === 'up' || state === 'degraded' ? state : 'pending';
}

function reasonAfter(status: MonitorStatus, state: MonitorState, seen: Observation): string | null {
  if (state === 'up' || state === 'pending' || state === 'paused') return null;
  const explains = seen.verdict === state || (state === 'down' && seen.verdict === 'down');
  return explains ? seen.reason : status.reason;
}

function recheckAfter(state: MonitorState, counted: Counters, seen: Observation, policy: JudgePolicy): number | null {
  const inDoubt = seen.verdict === 'down' ? state !== 'down' : counted.successes > 0 || state === 'network-down';
  if (inDoubt) return Math.min(CONFIRM_MS, policy.intervalMs);
  return state === 'down' ? Math.min(WHILE_DOWN_MS, policy.intervalMs) : null;
}
