import type { Draft } from './draft.ts';
import { muteOf } from './mute.ts';
import { startRules } from './personal.ts';
import { scheduleFrom, scheduleRepeat } from './schedule.ts';
import { reachOf } from './targets.ts';
import { tell } from './tell.ts';

/** Who did something to an alert, and by which way. */
export interface Hand {
  by: string;
  via: string;
}

/**
 * Somebody passes the alert on: the next step is due now, the later ones keep their distance from it, and an
 * acknowledgement ends. After the last step, that one is sent again.
 */
export function escalate(draft: Draft, alertId: string, { by, via }: Hand): void {
  const alert = draft.alerts.get(alertId);
  if (!alert) return;
  const said = `${by} escalated by ${via}`;
  if (alert.state !== 'firing') {
    draft.note(alertId, 'escalated', `${said}, after it had ended`);
    return;
  }
  draft.note(alertId, 'escalated', said);
  const free = alert.ack ? draft.setAlert({ ...alert, ack: null }) : alert;
  draft.dropTimers(alertId, 'step', 'repeat', 'ack', 'muted', 'personal');
  const next = free.lastStep + 1;
  if (next < free.plan.steps.length) {
    scheduleFrom(draft, free, next, draft.now);
    return;
  }
  scheduleRepeat(draft, free);
  const mute = muteOf(draft, free);
  if (mute) {
    draft.note(alertId, 'muted', mute.reason);
    return;
  }
  startRules(draft, free, free.lastStep);
  tell(draft, {
    alerts: [{ alert: free, step: free.lastStep }],
    targets: reachOf(draft, free, free.lastStep).targets,
    kind: 'repeat',
    tag: `escalated${draft.now}`,
    reason: said,
  });
}
