import type { Episode } from '../episode.ts';
import type { Draft } from './draft.ts';
import { targetKey } from './told.ts';

/**
 * Whether everybody whom this alert tells first has heard of other alerts of the group that still fire. Only then it
 * waits for the group's next tick: nobody waits for what others were told.
 */
export function isGroupBusyFor(draft: Draft, alert: Episode): boolean {
  const quiet = new Set(receiversOf(alert, 0));
  return draft.firing().some((other) => {
    if (other.id === alert.id || other.lastStep < 0) return false;
    for (const key of receiversOf(other, other.lastStep)) quiet.delete(key);
    return quiet.size === 0;
  });
}

/** Whether an alert that still fires was told to anybody who was told of this one. */
export function sharesReceivers(draft: Draft, alert: Episode): boolean {
  const own = new Set(receiversOf(alert, Math.max(0, alert.lastStep)));
  return draft
    .firing()
    .some(
      (other) => other.id !== alert.id && receiversOf(other, Math.max(0, other.lastStep)).some((key) => own.has(key)),
    );
}

/** Whom the steps up to this one tell: receivers, and whose turn it is on which channel. */
function receiversOf({ plan }: Episode, lastStep: number): string[] {
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
