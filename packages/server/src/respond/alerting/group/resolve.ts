import type { AlertSubject, Episode } from '../episode.ts';
import { isEndBusy } from './busy.ts';
import type { Draft } from './draft.ts';
import { holdsEnd } from './flap.ts';
import { tell } from './tell.ts';
import { nextTick } from './tick.ts';
import { targetKey, toldOfFiring } from './told.ts';
import { withdraw } from './withdraw.ts';

export interface Resolution {
  alertId: string;
  reason: string;
  /** Null when its subject is no more. */
  reading: Pick<AlertSubject, 'value' | 'sample' | 'summary'> | null;
  /** When it ended, ms since the epoch; left out = now. */
  endedAt?: number;
  /** What its sender said last. */
  annotations?: Episode['annotations'];
  startedAt?: number;
  /** Its changes within the last hour with this one; left out = it does not flap. */
  flips?: readonly number[];
}

/**
 * An episode ends: later steps are cancelled, messages that nobody can have received are withdrawn, and everyone
 * who was told of the firing is told of its end.
 */
export function resolve(draft: Draft, resolution: Resolution): void {
  const before = draft.alerts.get(resolution.alertId);
  if (before?.state !== 'firing') {
    draft.dropTimers(resolution.alertId, 'closed');
    return;
  }
  const alert = draft.setAlert({
    ...before,
    ...(resolution.reading ?? { value: null, sample: null, summary: `${before.rule}: ${resolution.reason}` }),
    ...(resolution.annotations && { annotations: resolution.annotations }),
    ...(resolution.startedAt !== undefined && { startedAt: resolution.startedAt }),
    state: 'resolved',
    resolvedAt: resolution.endedAt ?? draft.now,
    resolveReason: resolution.reason,
    flips: resolution.flips ?? [],
  });
  draft.note(alert.id, 'resolved', resolution.reason, 'firing', 'resolved');
  draft.dropTimers(alert.id, 'step', 'repeat', 'ack', 'muted', 'paging', 'personal');
  // A group that is told as a whole looks at all of it at its next flush.
  if (draft.isBatch) return;
  for (const message of draft.messagesOf(alert.id)) withdraw(draft, message);
  if (toldOfFiring(draft, alert.id).length === 0) {
    draft.note(alert.id, 'silent', 'it ended before anyone was told');
    return;
  }
  if (holdsEnd(draft, alert)) return;
  const tick = draft.anchorAt === null ? draft.now : nextTick(draft.anchorAt, alert.plan.groupIntervalMs, draft.now);
  draft.setTimer({ alertId: alert.id, kind: 'resolve', step: 0, dueAt: tick });
  // While others that fire were told to all of these, this end leaves nobody without.
  if (!alert.plan.endsWait && !isEndBusy(draft, alert)) hurryEnds(draft);
}

/** Ends wait for the next tick of their group, but not when somebody who is to hear of one was told of nothing else that fires. */
function hurryEnds(draft: Draft): void {
  for (const timer of [...draft.timers.values()]) {
    const ended = timer.kind === 'resolve' ? draft.alerts.get(timer.alertId) : undefined;
    if (ended && !isEndBusy(draft, ended)) draft.setTimer({ ...timer, dueAt: draft.now });
  }
}

/** Writes the messages about the end of these alerts, one for each target. */
export function sendResolved(draft: Draft, alertIds: readonly string[]): void {
  const byTarget = new Map<string, { target: ReturnType<typeof toldOfFiring>[number]; alerts: Episode[] }>();
  for (const id of alertIds) {
    const alert = draft.alerts.get(id);
    if (alert?.state !== 'resolved') continue;
    for (const target of toldOfFiring(draft, id)) {
      const key = targetKey(target);
      if (alert.plan.withoutResolved.includes(key)) continue;
      const entry = byTarget.get(key) ?? { target, alerts: [] };
      entry.alerts.push(alert);
      byTarget.set(key, entry);
    }
  }
  for (const { target, alerts } of byTarget.values()) {
    tell(draft, {
      alerts: alerts.map((alert) => ({ alert, step: Math.max(0, alert.lastStep) })),
      targets: [target],
      kind: 'resolved',
      tag: 'resolved',
      reason: alerts[0]?.resolveReason ?? 'resolved',
    });
  }
}
