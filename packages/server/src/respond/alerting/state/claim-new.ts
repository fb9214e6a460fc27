import { THROTTLED } from '../deliver/throttle.ts';
import { type Claimed, type GroupState, isBatchKey, isNoticeKey, isOpen, type Message } from '../group/state.ts';
import { targetKey } from '../group/told.ts';
import type { Sender } from '../ports.ts';
import { claimedAs } from './claim-throttled.ts';
import type { Decided } from './group-rows.ts';

/**
 * Takes the messages that decisions have just written and that may leave at once, so that they need not be looked for. They
 * are written as being sent. What is throttled, waits for another, or is more than there is room for is left to a claim.
 */
export function claimNew(decided: Decided[], { now, room }: Sender): Claimed[] {
  const claimed: Claimed[] = [];
  const counts = new Map<string, number>();
  for (const [index, { before, decision }] of decided.entries()) {
    const messages = new Map(decision.state.messages);
    for (const message of decision.state.messages.values()) {
      if (!isFree(message, before, decision.state, now)) continue;
      const target = targetKey(message);
      const count = (counts.get(target) ?? 0) + 1;
      if (claimed.length >= room.messages || count > room.perTarget || room.busy.includes(target)) continue;
      counts.set(target, count);
      const sending = claimedAs(message, null, now);
      messages.set(message.id, sending);
      claimed.push({ ...sending, thread: threadOf(message, decision.state) });
    }
    decided[index] = { before, decision: { ...decision, state: { ...decision.state, messages } } };
  }
  return claimed;
}

function isFree(message: Message, before: GroupState, after: GroupState, now: number): boolean {
  const { id, status, nextAttemptAt, channel } = message;
  if (before.messages.has(id) || status !== 'queued' || nextAttemptAt > now || THROTTLED.includes(channel))
    return false;
  // Of these groups only what is on its way is known here, and not what a message answers to.
  if (isNoticeKey(after.key)) return false;
  if (isBatchKey(after.key) && (after.told.get(targetKey(message))?.count ?? 0) > 1) return false;
  for (const other of after.messages.values()) {
    if (other.id === id) return true;
    if (targetKey(other) === targetKey(message) && isOpen(other)) return false;
  }
  return true;
}

/** The receipt of the first message about these alerts that the target took. */
function threadOf(message: Message, { messages }: GroupState): string | null {
  const alerts = new Set(message.alerts.map(({ id }) => id));
  for (const other of messages.values()) {
    if (other.id === message.id) return null;
    const shares = other.alerts.some(({ id }) => alerts.has(id));
    if (shares && targetKey(other) === targetKey(message) && other.receipt !== null) return other.receipt;
  }
  return null;
}
