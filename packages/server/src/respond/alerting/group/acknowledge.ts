import type { Acknowledgement, Episode } from '../episode.ts';
import { isPhone } from './authority.ts';
import type { Draft } from './draft.ts';
import { personalKind } from './personal.ts';
import { scheduleFrom, scheduleRepeat } from './schedule.ts';
import { mayBeKnown } from './state.ts';
import { tell } from './tell.ts';
import { toldOfFiring } from './told.ts';
import { cancel } from './withdraw.ts';

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
    if (alert.plan.multiAck) dropRulesOf(draft, alertId, ack.by);
    if (!known.includes(ack.by)) draft.setAlert({ ...alert, ack: { ...alert.ack, also: [...known.slice(1), ack.by] } });
    return;
  }
  const taken = draft.setAlert({ ...alert, ack });
  draft.dropTimers(alertId, 'step', 'repeat', 'muted', 'paging');
  if (alert.plan.multiAck) dropRulesOf(draft, alertId, ack.by);
  else draft.dropTimers(alertId, 'personal');
  stopRinging(draft, alertId, said);
  if (alert.plan.multiAck && alert.lastStep >= 0) scheduleRepeat(draft, taken);
  draft.setTimer({ alertId, kind: 'ack', step: 0, dueAt: draft.now + alert.plan.ackTimeoutMs });
  draft.note(alertId, 'acknowledged', said);
  tellVendors(draft, taken, said);
}

function dropRulesOf(draft: Draft, alertId: string, person: string): void {
  draft.dropTimers(alertId, personalKind(person));
}

/** After an expired acknowledgement the escalation goes on, with the same gap between its steps as before. */
export function resumeAfterAck(draft: Draft, alert: Episode): void {
  const free = draft.setAlert({ ...alert, ack: null });
  const { steps } = free.plan;
  const current = steps[free.lastStep]?.delayMs ?? 0;
  const next = steps[free.lastStep + 1];
  if (next) scheduleFrom(draft, free, free.lastStep + 1, draft.now + next.delayMs - current);
  else scheduleRepeat(draft, free);
}

/** SMS and calls that have not left are not needed any more. */
function stopRinging(draft: Draft, alertId: string, said: string): void {
  for (const message of draft.messagesOf(alertId)) {
    const waits = message.status === 'queued' || message.status === 'retrying';
    if (!waits || !isPhone(message) || mayBeKnown(message) || message.kind === 'resolved') continue;
    const all = message.alerts.every(({ id }) => draft.alerts.get(id)?.state !== 'firing' || draft.alerts.get(id)?.ack);
    if (all) cancel(draft, message, said);
  }
}

/** Receivers that keep a state of the alert learn who has it. */
function tellVendors(draft: Draft, alert: Episode, said: string): void {
  const { takesAcks = [] } = alert.plan;
  const targets = toldOfFiring(draft, alert.id).filter(
    ({ channel }) => takesAcks.includes(channel) && channel !== alert.ack?.via,
  );
  tell(draft, {
    alerts: [{ alert, step: Math.max(0, alert.lastStep) }],
    targets,
    kind: 'acknowledged',
    tag: `acknowledged${alert.ack?.at ?? draft.now}`,
    reason: said,
  });
}
