import type { Episode } from '../episode.ts';
import { resumeAfterAck } from './acknowledge.ts';
import type { Draft } from './draft.ts';
import type { Hand } from './escalate.ts';
import { muteOf, park } from './mute.ts';
import { resolve } from './resolve.ts';
import { timerKey } from './state.ts';
import { tell } from './tell.ts';
import { toldOfEnd } from './told.ts';

const REOPEN_AT_LEAST_MS = 300_000;

/**
 * Somebody resolves the alert by hand: everyone who was told is told of the end. When what it is about goes on for
 * longer than an episode is reopened, it opens again, so that nothing is forgotten by one wrong key.
 */
export function close(draft: Draft, alertId: string, { by, via }: Hand): void {
  const alert = draft.alerts.get(alertId);
  if (!alert) return;
  if (alert.state !== 'firing') {
    draft.note(alertId, 'closed', `${by} resolved it by ${via}, after it had ended`);
    return;
  }
  const { value, sample, summary } = alert;
  resolve(draft, { alertId, reason: `${by} resolved it by ${via}`, reading: { value, sample, summary } });
  draft.setTimer({ alertId, kind: 'closed', step: 0, dueAt: draft.now + reopenAfter(alert) });
}

/** Opens what was resolved by hand and has not ended since. */
export function reopenClosed(draft: Draft): void {
  for (const timer of [...draft.timers.values()]) {
    if (timer.kind !== 'closed' || timer.dueAt > draft.now) continue;
    draft.timers.delete(timerKey(timer));
    const alert = draft.alerts.get(timer.alertId);
    if (alert?.state === 'resolved') reopen(draft, alert);
  }
}

function reopen(draft: Draft, closed: Episode): void {
  const reason = `it still fires, although ${closed.resolveReason ?? 'it was resolved by hand'}`;
  const targets = toldOfEnd(draft, closed.id);
  const alert = draft.setAlert({ ...closed, state: 'firing', resolvedAt: null, resolveReason: null, ack: null });
  draft.note(alert.id, 'reopened', reason, 'resolved', 'firing');
  draft.dropTimers(alert.id, 'resolve');
  const step = Math.max(0, alert.lastStep);
  const mute = muteOf(draft, alert);
  if (mute) {
    park(draft, alert, step, mute);
    return;
  }
  tell(draft, { alerts: [{ alert, step }], targets, kind: 'firing', tag: `again${draft.now}`, reason });
  resumeAfterAck(draft, alert);
}

function reopenAfter({ windowMs }: Pick<Episode, 'windowMs'>): number {
  return Math.max(REOPEN_AT_LEAST_MS, windowMs ?? 0);
}
