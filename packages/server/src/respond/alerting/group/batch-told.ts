import type { Target } from '../config.ts';
import type { Draft } from './draft.ts';
import { isOpen, type Message, type Told } from './state.ts';
import { targetKey } from './told.ts';

const NOTHING: Told = { firing: [], listed: [], at: 0, count: 0 };

/** What a target of the group knows. */
export function toldTo(draft: Draft, key: string): Told {
  return draft.told.get(key) ?? NOTHING;
}

/**
 * Takes over what a message told its target.
 * @param known false = it was refused: the target is not tried again with the same before the next repeat
 */
export function learn(draft: Draft, message: Message, known: boolean): void {
  if (!draft.isBatch || message.kind === 'meta') return;
  const key = targetKey(message);
  const before = toldTo(draft, key);
  const listed = message.alerts.filter(({ ended }) => !ended).map(({ id }) => id);
  const ended = new Set(message.alerts.filter((entry) => entry.ended).map(({ id }) => id));
  const firing = new Set([...before.firing, ...(known ? listed : [])].filter((id) => !ended.has(id)));
  draft.told.set(key, { ...before, firing: [...firing], listed, at: lastTick(draft, message) });
}

/** Repeats count from the last flush of the group that was over when the message arrived. */
function lastTick(draft: Draft, message: Message): number {
  const interval = draft.alerts.get(message.alerts[0]?.id ?? '')?.plan.groupIntervalMs ?? 0;
  if (draft.anchorAt === null || interval <= 0) return draft.now;
  return draft.anchorAt + Math.floor((draft.now - draft.anchorAt) / interval) * interval;
}

/** The message to the target that is still on its way. */
export function openTo(draft: Draft, key: string): Message | undefined {
  for (const message of draft.messages.values()) {
    if (message.kind !== 'meta' && isOpen(message) && targetKey(message) === key) return message;
  }
  return undefined;
}

/** Whether the target knows, or may come to know, that the alert fires. */
export function isTold(draft: Draft, alertId: string, target: Pick<Target, 'channel' | 'target'>): boolean {
  const key = targetKey(target);
  if (toldTo(draft, key).firing.includes(alertId)) return true;
  return openTo(draft, key)?.alerts.some(({ id, ended }) => id === alertId && !ended) ?? false;
}
