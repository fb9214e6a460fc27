import type { Target } from '../config.ts';
import type { Episode } from '../episode.ts';
import type { Draft } from './draft.ts';
import { isOpen, type Message } from './state.ts';
import { targetKey } from './told.ts';

/** How long the vendor that pages may take to accept an event before phones ring without it. */
const ACCEPT_WITHIN_MS = 60_000;

/** Whether the target makes a telephone ring. */
export function isPhone({ channel }: Pick<Target, 'channel'>): boolean {
  return channel === 'sms' || channel === 'phone_call';
}

/**
 * The targets of a step without those that are left to the vendor that pages. While it is open whether the vendor has
 * the alert, phones wait for a minute.
 */
export function leaveToVendor(draft: Draft, alert: Episode, step: number, targets: readonly Target[]) {
  const { authority } = alert.plan;
  if (!authority || !targets.some(isPhone)) return targets;
  const stand = standOf(draft, alert, authority);
  if (stand.kind === 'refused') return targets;
  if (stand.kind === 'open') draft.setTimer({ alertId: alert.id, kind: 'paging', step, dueAt: stand.until });
  else draft.note(alert.id, 'left_to_vendor', `${targetKey(authority)} has the alert and pages; no SMS, no call`);
  return targets.filter((target) => !isPhone(target));
}

/** The phones that ring in place of the vendor when it has not taken the alert in time. */
export function phonesInstead(draft: Draft, alert: Episode, targets: readonly Target[]): readonly Target[] {
  const { authority } = alert.plan;
  const isTaken = authority && standOf(draft, alert, authority).kind === 'taken';
  return isTaken ? [] : targets.filter(isPhone);
}

/** Phones that wait for the vendor ring now: it will not take the alert. */
export function stopWaitingFor(draft: Draft, failed: Message): void {
  for (const { id } of failed.alerts) {
    const authority = draft.alerts.get(id)?.plan.authority;
    if (!authority || targetKey(authority) !== targetKey(failed)) continue;
    for (const timer of [...draft.timers.values()]) {
      if (timer.alertId === id && timer.kind === 'paging') draft.setTimer({ ...timer, dueAt: draft.now });
    }
  }
}

type Stand = { kind: 'taken' } | { kind: 'refused' } | { kind: 'open'; until: number };

function standOf(draft: Draft, alert: Episode, authority: Target): Stand {
  const told = draft.messagesOf(alert.id).filter((message) => targetKey(message) === targetKey(authority));
  const last = told.findLast(({ kind }) => kind === 'firing' || kind === 'repeat' || kind === 'update');
  if (!last) return { kind: 'open', until: draft.now + ACCEPT_WITHIN_MS };
  if (last.status === 'sent') return { kind: 'taken' };
  const until = last.createdAt + ACCEPT_WITHIN_MS;
  return isOpen(last) && until > draft.now ? { kind: 'open', until } : { kind: 'refused' };
}
