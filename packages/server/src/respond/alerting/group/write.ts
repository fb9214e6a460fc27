import type { MessageBody } from '../../notify/index.ts';
import type { Target } from '../config.ts';
import type { Episode } from '../episode.ts';
import { composeBody } from '../message/compose.ts';
import { toldTo } from './batch-told.ts';
import type { Draft } from './draft.ts';
import { muteOf } from './mute.ts';
import { batchLabels, type Message, type MessageEntry, type MessageKind, messageId, messageKey } from './state.ts';
import { hasHeard, targetKey } from './told.ts';

const CRITICAL_FALLBACK_MS = 60_000;
const FALLBACK_MS = 600_000;

export interface Tell {
  /** The alerts it is about, each at its step. */
  alerts: readonly { alert: Episode; step: number }[];
  targets: readonly Target[];
  kind: MessageKind;
  /** The last part of the keys; usually the kind, with a number where a kind may occur again. */
  tag: string;
  reason: string;
  /** First line, when it is not about the alerts themselves. */
  title?: string;
  /** First word of the title; default by kind. */
  verb?: string;
  /** When it should have left, in ms; default now. */
  dueAt?: number;
  /** It does not leave before, ms since the epoch. */
  notBefore?: number;
}

/**
 * Writes one message for each target. An alert whose key exists already is left out, so that no target is told the
 * same twice. A target that cannot work is written as failed.
 */
export function writeMessages(draft: Draft, order: Tell): Message[] {
  return order.targets.flatMap((target) => write(draft, order, target) ?? []);
}

function write(draft: Draft, order: Tell, target: Target): Message | undefined {
  const known = new Map(
    [...draft.messages.values()].flatMap((message) => message.alerts.map((alert) => [alert.key, message] as const)),
  );
  const keyed = order.alerts.map(({ alert, step }) => ({
    alert,
    step,
    key: unusedKey(known, messageKey(alert, step, target, order.tag)),
  }));
  const fresh = keyed.flatMap(({ key, ...entry }) => (key === null ? [] : [{ ...entry, key }]));
  const first = fresh[0];
  if (!first) return undefined;
  const step = Math.max(...fresh.map((entry) => entry.step));
  const alerts = fresh.map(({ alert }) => alert);
  const rule = target.rule === undefined ? '' : `; rule of ${target.person}: ${target.rule}`;
  const reason = `${order.reason}${rule}`;
  const body = composeBody({
    kind: order.kind,
    alerts,
    others: order.kind === 'resolved' || order.kind === 'acknowledged' ? [] : companions(draft, alerts, target),
    reason,
    step,
    mentions: mentionsOf(draft, target, alerts, step),
    ...(order.title === undefined ? {} : { title: order.title }),
    ...(order.verb === undefined ? {} : { verb: order.verb }),
  });
  const entries = fresh.map(({ alert, key }) => ({ id: alert.id, key }));
  const { kind, dueAt, notBefore } = order;
  return queue(draft, { target, kind, step, entries, alerts, body, reason, dueAt, notBefore });
}

export interface BatchTell {
  target: Target;
  kind: MessageKind;
  firing: readonly Episode[];
  ended: readonly Episode[];
  reason: string;
  title?: string;
}

/** Writes one message about a group that is told as a whole. */
export function writeBatch(draft: Draft, order: BatchTell): Message {
  const { target, kind, firing, ended, reason, title } = order;
  const told = toldTo(draft, targetKey(target));
  const count = told.count + 1;
  draft.told.set(targetKey(target), { ...told, count });
  const tag = count === 1 ? kind : `${kind}${count}`;
  const alerts = [...firing, ...ended];
  const body: MessageBody = {
    ...composeBody({ kind, alerts, others: [], reason, step: 0, ...(title !== undefined && { title }) }),
    groupLabels: batchLabels(draft.key),
  };
  const entries = alerts.map((alert) => ({
    id: alert.id,
    key: messageKey(alert, 0, target, tag),
    ...(alert.state === 'resolved' && { ended: true }),
  }));
  return queue(draft, { target, kind, step: 0, entries, alerts, body, reason });
}

interface Queued {
  target: Target;
  kind: MessageKind;
  step: number;
  entries: readonly MessageEntry[];
  alerts: readonly Episode[];
  body: MessageBody;
  reason: string;
  dueAt?: number | undefined;
  notBefore?: number | undefined;
}

/** A row of the outbox; where the target cannot work it has failed already. */
function queue(draft: Draft, queued: Queued): Message {
  const { target, kind, step, entries, alerts, body, reason, dueAt, notBefore } = queued;
  const leavesAt = notBefore ?? draft.now;
  const key = entries[0]?.key ?? '';
  const message = draft.setMessage({
    id: messageId(key),
    key,
    groupKey: draft.key,
    channel: target.channel,
    target: target.target,
    kind,
    step,
    alerts: entries,
    status: target.broken === null ? 'queued' : 'failed',
    attempts: 0,
    body,
    reason,
    lastError: target.broken,
    createdAt: draft.now,
    dueAt: dueAt ?? leavesAt,
    nextAttemptAt: leavesAt,
    sentAt: null,
    maybeDelivered: false,
    attemptedAt: null,
    uncertainSince: null,
    interruptions: 0,
    fallbackAt: target.broken === null ? fallbackAt({ kind }, alerts, leavesAt) : null,
    receipt: null,
    report: null,
    reportedAt: null,
    bundle: null,
  });
  const fate = target.broken === null ? 'queued' : 'undeliverable';
  draft.noteAll(message, fate, `${targetKey(target)}: ${target.broken ?? reason}`);
  return message;
}

/** The key, with a number where the message was cancelled or given up as uncertain before; null when the target was told. */
function unusedKey(known: ReadonlyMap<string, Message>, key: string): string | null {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? key : `${key}~${count}`;
    const message = known.get(candidate);
    if (!message) return candidate;
    const isGivenUp = message.status === 'failed' && message.interruptions > 1;
    if (message.status !== 'cancelled' && !isGivenUp) return null;
  }
}

/** Later steps call in Slack whoever is on call then. */
function mentionsOf(draft: Draft, target: Target, alerts: readonly Episode[], step: number): string[] {
  if (target.channel !== 'slack' || step === 0) return [];
  const duties = alerts.flatMap(({ plan }) => plan.duty ?? []);
  return [...new Set(duties.flatMap((duty) => draft.facts.onCall(duty).slack ?? []))];
}

function fallbackAt(order: Pick<Tell, 'kind'>, alerts: readonly Episode[], now: number): number | null {
  if (order.kind === 'resolved' || order.kind === 'meta' || order.kind === 'acknowledged') return null;
  return now + (alerts.some((alert) => alert.severity === 'critical') ? CRITICAL_FALLBACK_MS : FALLBACK_MS);
}

/**
 * Other alerts of the group that fire and are not muted, as far as this target has heard of them: of another, or of one whose
 * own message may still be withdrawn, it would perhaps never hear the end.
 */
function companions(draft: Draft, alerts: readonly Episode[], target: Target): Episode[] {
  const own = new Set(alerts.map((alert) => alert.id));
  return draft
    .firing()
    .filter((alert) => !own.has(alert.id) && hasHeard(draft, alert.id, target) && !muteOf(draft, alert));
}
