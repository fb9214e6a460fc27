import type { Draft } from './draft.ts';
import { isOpen, type Message, mayBeKnown } from './state.ts';
import { knowsOfFiring, targetKey } from './told.ts';

/** Whether a message only speaks of ended alerts, and nobody can have seen it. */
export function isObsolete(draft: Draft, message: Message): boolean {
  if (message.kind === 'resolved' || mayBeKnown(message) || message.alerts.length === 0) return false;
  return message.alerts.every(({ id }) => {
    const alert = draft.alerts.get(id);
    return alert?.state !== 'firing' && (alert?.flappingSince ?? null) === null;
  });
}

/** An obsolete message that waits does not leave any more. */
export function withdraw(draft: Draft, message: Message): void {
  if (!isOpen(message) || !isObsolete(draft, message)) return;
  cancel(draft, message, 'it ended before the message left');
  withdrawEnds(draft, message);
}

/** Who never heard of the firing is not told of its end. `unheard`: the message that will not arrive. */
export function withdrawEnds(draft: Draft, unheard: Message): void {
  if (unheard.kind === 'resolved') return;
  for (const message of [...draft.messages.values()]) {
    if (message.kind !== 'resolved' || message.status !== 'queued' || targetKey(message) !== targetKey(unheard))
      continue;
    const heard = message.alerts.filter(({ id }) => knowsOfFiring(draft, id, unheard, message));
    if (heard.length === message.alerts.length) continue;
    if (heard.length === 0) cancel(draft, message, 'the firing never reached it');
    else narrow(draft, message, heard);
  }
}

/** The message tells of these alerts alone. */
export function narrow(draft: Draft, message: Message, alerts: Message['alerts']): void {
  const ids = new Set(alerts.map(({ id }) => id));
  const body = { ...message.body, alerts: message.body.alerts.filter(({ id }) => ids.has(id)) };
  draft.setMessage({ ...message, alerts, body });
}

export function cancel(draft: Draft, message: Message, why: string): void {
  draft.setMessage({ ...message, status: 'cancelled', fallbackAt: null });
  draft.noteAll(message, 'cancelled', `${targetKey(message)}: ${why}`);
}
