import type { Target } from '../config.ts';
import type { Episode } from '../episode.ts';
import { isGroupBusyFor } from './busy.ts';
import type { Draft } from './draft.ts';
import { startsToFlap } from './flap.ts';
import { muteOf, park } from './mute.ts';
import { scheduleRepeat } from './schedule.ts';
import { tell } from './tell.ts';
import { nextTick } from './tick.ts';
import { targetKey, toldOfEnd, toldOfFiring } from './told.ts';

/** An episode begins or begins again: it gets its timers. */
export function fire(draft: Draft, incoming: Episode): void {
  const before = draft.alerts.get(incoming.id);
  if (before) reopen(draft, before, incoming);
  else begin(draft, incoming);
}

function begin(draft: Draft, alert: Episode): void {
  draft.setAlert(alert);
  draft.note(alert.id, 'firing', alert.summary, 'inactive', 'firing');
  if (draft.isBatch) return;
  scheduleSteps(draft, alert);
}

function reopen(draft: Draft, before: Episode, incoming: Episode): void {
  const alert = draft.setAlert({
    ...before,
    round: incoming.round,
    state: 'firing',
    resolvedAt: null,
    resolveReason: null,
    value: incoming.value,
    sample: incoming.sample,
    summary: incoming.summary,
    annotations: incoming.annotations,
    flips: incoming.flips,
    ...(draft.isBatch && { startedAt: incoming.startedAt, firedAt: incoming.firedAt }),
  });
  draft.note(alert.id, 'reopened', `fires again: ${incoming.summary}`, 'resolved', 'firing');
  if (draft.isBatch) return;
  draft.dropTimers(alert.id, 'resolve', 'closed');
  const flaps = startsToFlap(draft, alert);
  const ended = toldOfEnd(draft, alert.id);
  const targets = flaps === null ? ended : unique([...ended, ...toldOfFiring(draft, alert.id)]);
  const mute = muteOf(draft, alert);
  if (mute) {
    park(draft, alert, Math.max(0, alert.lastStep), mute);
    return;
  }
  if (targets.length > 0) {
    tell(draft, {
      alerts: [{ alert, step: Math.max(0, alert.lastStep) }],
      targets,
      kind: 'firing',
      tag: 'firing',
      reason: flaps ?? 'fires again shortly after its end; the same episode goes on',
    });
  }
  if (!alert.ack) scheduleSteps(draft, alert);
  else draft.setTimer({ alertId: alert.id, kind: 'ack', step: 0, dueAt: alert.ack.at + alert.plan.ackTimeoutMs });
}

function unique(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [targetKey(target), target])).values()];
}

/** Sets the timers of the steps that were not sent yet. The clock of an episode runs on while it is reopened. */
export function scheduleSteps(draft: Draft, alert: Episode): void {
  alert.plan.steps.forEach((step, index) => {
    if (index <= alert.lastStep) return;
    const due = alert.firedAt + step.delayMs;
    const dueAt = index === 0 ? Math.max(due, groupDue(draft, alert)) : due;
    draft.setTimer({ alertId: alert.id, kind: 'step', step: index, dueAt });
  });
  if (alert.lastStep === alert.plan.steps.length - 1) scheduleRepeat(draft, alert);
}

/** A quiet group waits `group_wait` for companions; a busy one sends at the next tick of its grid. */
function groupDue(draft: Draft, alert: Episode): number {
  const { groupWaitMs, groupIntervalMs } = alert.plan;
  if (draft.anchorAt !== null && isGroupBusyFor(draft, alert)) {
    return nextTick(draft.anchorAt, groupIntervalMs, draft.now);
  }
  const waiting = [...draft.timers.values()].filter((t) => t.kind === 'step' && t.step === 0 && t.alertId !== alert.id);
  return Math.min(Math.max(draft.now, alert.firedAt + groupWaitMs), ...waiting.map((timer) => timer.dueAt));
}
