import type { Target } from '../config.ts';
import type { Draft } from './draft.ts';
import { isOpen, type Message, mayBeKnown } from './state.ts';

/** Where a target stands with an alert: the last message that reached it, or still may. */
function lastWord(draft: Draft, alertId: string, counts: (message: Message) => boolean): Map<string, Message> {
  const last = new Map<string, Message>();
  for (const message of draft.messagesOf(alertId)) {
    if (counts(message)) last.set(targetKey(message), message);
  }
  return last;
}

/** The targets that know, or may come to know, that the alert fires, and have no word of its end. */
export function toldOfFiring(draft: Draft, alertId: string): Target[] {
  const last = lastWord(draft, alertId, (message) => mayBeKnown(message) || isOpen(message));
  return [...last.values()].filter((message) => message.kind !== 'resolved').map(toTarget);
}

/** The targets whose last word is that the alert ended. */
export function toldOfEnd(draft: Draft, alertId: string): Target[] {
  const last = lastWord(draft, alertId, (message) => mayBeKnown(message) || isOpen(message));
  return [...last.values()].filter((message) => message.kind === 'resolved').map(toTarget);
}

/**
 * Whether the target has, or may come to have, a message that the alert fires.
 * @param before only messages older than this one count
 */
export function knowsOfFiring(
  draft: Draft,
  alertId: string,
  target: Pick<Target, 'channel' | 'target'>,
  before?: Message,
): boolean {
  for (const message of draft.messagesOf(alertId)) {
    if (message.id === before?.id) return false;
    const reaches = mayBeKnown(message) || isOpen(message);
    if (message.kind !== 'resolved' && reaches && targetKey(message) === targetKey(target)) return true;
  }
  return false;
}

/** Whether the target has, or may have, a message that the alert fires. */
export function hasHeard(draft: Draft, alertId: string, target: Pick<Target, 'channel' | 'target'>): boolean {
  return draft
    .messagesOf(alertId)
    .some(
      (message) =>
        message.kind !== 'resolved' &&
        (message.status === 'sent' || message.maybeDelivered) &&
        targetKey(message) === targetKey(target),
    );
}

export function targetKey(target: Pick<Target, 'channel' | 'target'>): string {
  return `${target.channel}/${target.target}`;
}

function toTarget(message: Message): Target {
  return { channel: message.channel, target: message.target, broken: null };
}
