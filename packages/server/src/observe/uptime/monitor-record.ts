import type { MonitorState } from '@yumops/protocol';
import type { CheckResult } from './check.ts';
import { type MonitorStatus, UNCHECKED } from './judge.ts';
import type { LocationState } from './location/location-state.ts';

/** How many durations a monitor keeps for its sparkline. */
const RECENT = 40;

/** The state of one named check of a health report. */
export interface NamedState {
  name: string;
  state: MonitorState;
  /** Milliseconds since the epoch. */
  since: number;
  reason: string | null;
  durationMs: number | null;
}

/** Everything that is kept of a monitor between its checks. */
export interface MonitorRecord extends MonitorStatus {
  certificateDays: number | null;
  /** Milliseconds of the newest checks, oldest first, null where the check failed. */
  recent: readonly (number | null)[];
  named: readonly NamedState[];
  /** What each place sees, of monitors that are not checked by the platform alone. */
  locations: readonly LocationState[];
}

export const NO_RECORD: MonitorRecord = { ...UNCHECKED, certificateDays: null, recent: [], named: [], locations: [] };

/** The record after a check whose meaning for the monitor is `status`. */
export function afterCheck(
  record: MonitorRecord,
  status: MonitorStatus,
  result: CheckResult,
  now: number,
): MonitorRecord {
  const ok = result.verdict === 'up' || result.verdict === 'degraded';
  return {
    ...status,
    certificateDays: result.certificate?.days ?? (ok ? null : record.certificateDays),
    recent: [...record.recent, ok ? Math.round(result.durationMs * 10) / 10 : null].slice(-RECENT),
    locations: record.locations,
    named: result.named.length > 0 ? nameStates(record.named, result, now) : record.named.map((one) => lost(one, now)),
  };
}

function nameStates(before: readonly NamedState[], result: CheckResult, now: number): NamedState[] {
  const known = new Map(before.map((one) => [one.name, one]));
  const reported = result.named.map(({ name, verdict, reason, durationMs }) => {
    const previous = known.get(name);
    known.delete(name);
    const since = previous?.state === verdict ? previous.since : now;
    return { name, state: verdict, since, reason, durationMs };
  });
  return [...reported, ...[...known.values()].map((one) => lost(one, now))];
}

/** A check that the report no longer names, or a report that did not come, says nothing: that is not healthy. */
function lost(one: NamedState, now: number): NamedState {
  if (one.state === 'unknown') return one;
  return {
    ...one,
    state: 'unknown',
    since: now,
    reason: 'The last report does not name this check.',
    durationMs: null,
  };
}
