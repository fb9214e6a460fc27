import type { Acknowledgement, Episode } from '../episode.ts';
import type { Draft } from './draft.ts';
import { scheduleRepeat } from './fire.ts';

/**
 * Somebody takes the alert: later steps and repeats stop until the acknowledgement expires. Under `multi_ack` the
 * others on the step are told again until they acknowledge too.
 */
export function acknowledge(draft: Draft, alertId: string, ack: Acknowledgement): void {
  const alert = draft.alerts.get(alertId);
  if (!alert) return;
  const said = `${ack.by} acknowledged by ${ack.via}`;
  if (alert.state !== 'firing') {
    draft.note(alertId, 'acknowledged', `${said}, after it had ended`);
    return;
  }
  if (alert.ack) {
    draft.note(alertId, 'acknowledged', `${said}; ${alert.ack.by} had it already`);
    const known = [alert.ack.by, ...(alert.ack.also ?? [])];
    if (!known.includes(ack.by)) draft.setAlert({ ...alert, ack: { ...alert.ack, also: [...known.slice(1), ack.by] } });
    return;
  }
  const taken = draft.setAlert({ ...alert, ack });
  draft.dropTimers(alertId, 'step', 'repeat', 'muted');
  if (alert.plan.multiAck && alert.lastStep >= 0) scheduleRepeat(draft, taken);
  draft.setTimer({ alertId, kind: 'ack', step: 0, dueAt: draft.now + alert.plan.ackTimeoutMs });
  draft.note(alertId, 'acknowledged', said);
}

/** After an expired acknowledgement the escalation goes on, with the same gap between its steps as before. */
export function resumeAfterAck(draft: Draft, alert: Episode): void {
  const free = draft.setAlert({ ...alert, ack: null });
  const { steps } = free.plan;
  const current = steps[free.lastStep]?.delayMs ?? 0;
  const next = steps[free.lastStep + 1];
  if (!next) {
    scheduleRepeat(draft, free);
    return;
  }
  steps.forEach((step, index) => {
    if (index <= free.lastStep) return;
    draft.setTimer({ alertId: free.id, kind: 'step', step: index, dueAt: draft.now + step.delayMs - current });
  });
}
