import type { Episode } from '../episode.ts';
import type { Draft } from './draft.ts';
import { targetKey } from './told.ts';

/**
 * Whether everybody whom this alert tells first has heard of other alerts of the group that still fire. Only then it
 * waits for the group's next tick: nobody waits for what others were told.
 */
export function isGroupBusyFor(draft: Draft, alert: Episode): boolean {
  return areBusy(draft, alert, 0, -1);
}

/**
 * Whether everybody who was told of this alert was told of others that still fire. Only then its end waits for the group's next
 * tick, as a first message does.
 */
export function isEndBusy(draft: Draft, alert: Episode): boolean {
  return areBusy(draft, alert, Math.max(0, alert.lastStep), 0);
}

/** Whether a message to these targets reaches everybody whom the steps that were sent of this alert tell. */
export function reachesAll({ plan, lastStep }: Episode, targets: ReadonlySet<string>): boolean {
  return receiversOf({ plan }, lastStep).every((key) => targets.has(key));
}

/** @param untold the step up to which an alert counts that nobody was told of yet; -1 = it does not count */
function areBusy(draft: Draft, alert: Episode, lastStep: number, untold: number): boolean {
  const quiet = new Set(receiversOf(alert, lastStep));
  return draft.firing().some((other) => {
    const upTo = Math.max(other.lastStep, untold);
    if (other.id === alert.id || upTo < 0) return false;
    for (const key of receiversOf(other, upTo)) quiet.delete(key);
    return quiet.size === 0;
  });
}

/** Whom the steps up to this one tell: receivers, and whose turn it is on which channel. */
function receiversOf({ plan }: Pick<Episode, 'plan'>, lastStep: number): string[] {
  const keys = plan.steps.slice(0, lastStep + 1).flatMap(({ targets, onCall }) => {
    const turn = JSON.stringify([onCall?.schedule, onCall?.people]);
    const personal = onCall?.personal ? [`${turn}/personal`] : [];
    return [
      ...targets.map(targetKey),
      ...(onCall?.channels ?? []).map(({ channel }) => `${turn}/${channel}`),
      ...personal,
    ];
  });
  return keys.length > 0 ? keys : plan.meta.map(targetKey);
}
