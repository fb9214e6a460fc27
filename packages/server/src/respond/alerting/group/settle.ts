import { backoff } from '../../../lib/backoff.ts';
import { formatDuration } from '../../../lib/duration.ts';
import type { DeliveryResult } from '../../notify/index.ts';
import { stopWaitingFor } from './authority.ts';
import { learn } from './batch-told.ts';
import type { Draft } from './draft.ts';
import { fallBack, hasFallback } from './fallback.ts';
import { muteOf } from './mute.ts';
import { isOpen, type Message, tagOf } from './state.ts';
import { targetKey } from './told.ts';
import { cancel, isObsolete, withdrawEnds } from './withdraw.ts';
import { writeBatch, writeMessages } from './write.ts';

const RETRY = { base: 500, cap: 60_000, jitter: 0.2 };
const GIVE_UP_MS = 86_400_000;
const LATE_MS = 5_000;
/** Here a message never arrives twice: the vendor is asked whether it has it, or drops a second one by its key. */
const SENT_ONCE: ReadonlySet<string> = new Set(['sms', 'phone_call', 'pagerduty', 'opsgenie']);

/** Records how a delivery attempt ended and decides what follows. */
export function settle(draft: Draft, messageId: string, result: DeliveryResult, random: number): void {
  const message = draft.messages.get(messageId);
  if (!message || !isOpen(message)) return;
  if (result.outcome === 'sent') sent(draft, message, result);
  else if (result.outcome === 'retry') retry(draft, message, result, random);
  else fail(draft, message, result.reason);
}

function sent(draft: Draft, message: Message, result: Extract<DeliveryResult, { outcome: 'sent' }>): void {
  const { detail, receipt = null } = result;
  const late = draft.now - message.dueAt;
  draft.setMessage({ ...message, status: 'sent', sentAt: draft.now, lastError: null, fallbackAt: null, receipt });
  learn(draft, message, true);
  const suffix = late > LATE_MS ? `, ${formatDuration(late)} late` : '';
  draft.noteAll(message, 'delivered', `${targetKey(message)}: ${detail}${suffix}`);
}

function retry(
  draft: Draft,
  message: Message,
  result: Extract<DeliveryResult, { outcome: 'retry' }>,
  random: number,
): void {
  const failed = {
    ...message,
    lastError: result.reason,
    maybeDelivered: message.maybeDelivered || result.maybeDelivered,
    uncertainSince: message.uncertainSince ?? (result.maybeDelivered ? message.attemptedAt : null),
  };
  if (!draft.isBatch && isObsolete(draft, { ...failed, status: 'retrying' })) {
    cancel(draft, failed, 'it ended before the message left');
    withdrawEnds(draft, failed);
    return;
  }
  if (draft.now - message.createdAt >= GIVE_UP_MS) {
    fail(draft, failed, `${result.reason}, for 24 hours`);
    return;
  }
  const wait = Math.max(backoff(Math.max(0, message.attempts - 1), RETRY, random), result.retryAfterMs ?? 0);
  draft.setMessage({ ...failed, status: 'retrying', nextAttemptAt: draft.now + wait });
  draft.noteAll(message, 'retrying', `${targetKey(message)}: ${result.reason}; again in ${formatDuration(wait)}`);
}

function fail(draft: Draft, message: Message, reason: string): void {
  const failed = draft.setMessage({ ...message, status: 'failed', lastError: reason, fallbackAt: null });
  draft.noteAll(message, 'failed', `${targetKey(message)}: ${reason}`);
  stopWaitingFor(draft, failed);
  learn(draft, message, message.maybeDelivered);
  fallBack(draft, failed, reason);
  if (draft.isBatch) return;
  withdrawEnds(draft, failed);
}

/**
 * The process stopped while it was sending: the receiver may have the message. It is sent once more under the same key,
 * so that a receiver can tell the duplicate. Stopped twice, it is not sent a third time, and the fallback is told, or, where
 * there is none, the target by a message of its own. It goes on where nothing can arrive twice.
 */
export function recover(draft: Draft, messageId: string): void {
  const message = draft.messages.get(messageId);
  if (message?.status !== 'sending') return;
  const interruptions = message.interruptions + 1;
  const uncertainSince = message.uncertainSince ?? message.attemptedAt;
  const unsure: Message = { ...message, interruptions, maybeDelivered: true, uncertainSince };
  if (interruptions > 1 && !SENT_ONCE.has(message.channel)) {
    // What others were not told for certain is told by mail: there it is said again.
    const others = unsure.channel !== 'email' && hasFallback(draft, unsure);
    fail(draft, unsure, 'the process stopped twice while sending; it may have arrived');
    if (!others) sayAgain(draft, unsure);
    return;
  }
  const lastError = 'the process stopped while sending';
  draft.setMessage({ ...unsure, status: 'uncertain', nextAttemptAt: draft.now, lastError });
  const next = SENT_ONCE.has(message.channel) ? 'it is sent again unless it arrived' : 'sent again under the same key';
  draft.noteAll(message, 'uncertain', `${targetKey(message)}: ${lastError}; ${next}`);
}

/** The same once more under the next key: nobody else can be told in place of the target. */
function sayAgain(draft: Draft, message: Message): void {
  const { channel, kind, step } = message;
  if (kind === 'meta' || kind === 'acknowledged') return;
  const target = { channel, target: message.target, broken: null };
  const reason = `${targetKey(message)} may not have been told: the process stopped twice while sending`;
  const alerts = message.alerts.flatMap(({ id }) => draft.alerts.get(id) ?? []);
  const firing = alerts.filter((alert) => alert.state === 'firing' && !muteOf(draft, alert));
  const ended = alerts.filter((alert) => alert.state === 'resolved');
  if (draft.isBatch) {
    if (firing.length + ended.length > 0) writeBatch(draft, { target, kind, firing, ended, reason });
    return;
  }
  const told = (kind === 'resolved' ? ended : firing).map((alert) => ({ alert, step }));
  writeMessages(draft, { alerts: told, targets: [target], kind, tag: tagOf(message.key), reason });
}
