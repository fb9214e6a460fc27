import type { AlertState } from '@yumops/protocol';
import type { MessageBody } from '../../notify/index.ts';
import type { Channel } from '../config.ts';
import type { Episode } from '../episode.ts';
import { episodeTag } from '../episode.ts';
import { type Labels, sha256 } from '../fingerprint.ts';

/** `acknowledged` tells a vendor that keeps its own state of an alert that somebody has it. */
export type MessageKind = 'firing' | 'update' | 'repeat' | 'resolved' | 'acknowledged' | 'meta';

/**
 * `queued` → `sending` → `sent`; `retrying` waits for the next attempt, `uncertain` means that an attempt began and
 * nobody knows how it ended, `failed` and `cancelled` are final.
 */
export type MessageStatus = 'queued' | 'sending' | 'sent' | 'retrying' | 'failed' | 'uncertain' | 'cancelled';

/** One message to one target: a row of the outbox. Times in ms since the epoch. */
export interface Message {
  id: string;
  /** `fp:episode:step:target:kind` of its first alert; sent along with every attempt. */
  key: string;
  groupKey: string;
  channel: Channel;
  target: string;
  kind: MessageKind;
  step: number;
  /** The alerts it tells of, each with its own key. */
  alerts: readonly MessageEntry[];
  status: MessageStatus;
  attempts: number;
  body: MessageBody;
  /** Why it was written. */
  reason: string;
  lastError: string | null;
  createdAt: number;
  /** When it should have left. */
  dueAt: number;
  nextAttemptAt: number;
  sentAt: number | null;
  /** An attempt ended without an answer, so the receiver may have it. */
  maybeDelivered: boolean;
  /** When the last attempt began; null before the first. */
  attemptedAt: number | null;
  /** When the first attempt began whose end nobody knows; null = every attempt ended with an answer. */
  uncertainSince: number | null;
  /** How often the process stopped while sending it. */
  interruptions: number;
  /** When the fallback is told if this is still undelivered; null = never, or done. */
  fallbackAt: number | null;
  /** The vendor's name of the message, for replies in a thread and for reports; null = it gave none. */
  receipt: string | null;
  /** What the vendor said of the message after it had taken it, and when; null = nothing. */
  report: string | null;
  reportedAt: number | null;
  /** Id of the message under whose id this one left, where one told of several; null = it left alone. */
  bundle: string | null;
}

export interface MessageEntry {
  id: string;
  key: string;
  /** In a message about a whole group: it tells of the end. */
  ended?: boolean;
}

/** A message that a worker has taken to send. */
export interface Claimed extends Message {
  /** The receipt of the first message about these alerts that this target took; null = there is none. */
  thread: string | null;
}

/**
 * `step`: a step is due; `repeat`: the last one again; `resolve`: the end waits for its group; `ack`: it expires; `muted`:
 * a step is put aside; `paging`: phones ring unless the vendor that pages has taken the alert; `closed`: the alert opens
 * again unless what it is about has ended; `flush`: a group that is told as a whole is due; `flap`: a digest of a flapping
 * alert is due, or it is calm.
 */
export type TimerKind =
  | 'step'
  | 'repeat'
  | 'resolve'
  | 'ack'
  | 'muted'
  | 'paging'
  | 'closed'
  | 'flush'
  | 'flap'
  /** The next rule of a person of their own. */
  | `personal:${string}`;

export interface Timer {
  alertId: string;
  kind: TimerKind;
  step: number;
  dueAt: number;
}

/** A decision with its reason; stored and shown. */
export interface TimelineEntry {
  alertId: string;
  at: number;
  kind: string;
  from: AlertState | null;
  to: AlertState | null;
  reason: string;
}

/** What a receiver of a group that is told as a whole knows. */
export interface Told {
  /** Alerts that it was told of and whose end it has not heard. */
  firing: readonly string[];
  /** Alerts that its last message listed as firing; what was muted since is missing. */
  listed: readonly string[];
  /** The flush of its last message, ms since the epoch. */
  at: number;
  /** Messages that were written to it. */
  count: number;
}

/** All that decisions about one group of alerts look at. Values are never changed in place. */
export interface GroupState {
  key: string;
  /** Origin of the grid of flushes, set by the first flush of a quiet group. */
  anchorAt: number | null;
  alerts: ReadonlyMap<string, Episode>;
  timers: ReadonlyMap<string, Timer>;
  messages: ReadonlyMap<string, Message>;
  /** By target; only in groups that are told as a whole. */
  told: ReadonlyMap<string, Told>;
}

export interface Decision {
  state: GroupState;
  timeline: TimelineEntry[];
}

export function emptyGroup(key: string): GroupState {
  return { key, anchorAt: null, alerts: new Map(), timers: new Map(), messages: new Map(), told: new Map() };
}

const BATCH = 'batch:';

/** The key of a group that is told as a whole. @param labelsKey of the labels that form it */
export function batchKey(route: number, labelsKey: string): string {
  return `${BATCH}${route}:${labelsKey}`;
}

/** The labels that form a group that is told as a whole. */
export function batchLabels(groupKey: string): Labels {
  const pairs: [string, string][] = JSON.parse(groupKey.slice(groupKey.indexOf(':', BATCH.length) + 1));
  return Object.fromEntries(pairs);
}

export function isBatchKey(groupKey: string): boolean {
  return groupKey.startsWith(BATCH);
}

/** What the keys of groups begin with that hold messages about no alert. */
export const NOTICE = 'notice:';

export function isNoticeKey(groupKey: string): boolean {
  return groupKey.startsWith(NOTICE);
}

export function timerKey(timer: Pick<Timer, 'alertId' | 'kind' | 'step'>): string {
  return `${timer.alertId}:${timer.kind}:${timer.step}`;
}

/** The idempotency key of one alert in one message. */
export function messageKey(
  alert: Pick<Episode, 'fingerprint' | 'episode' | 'round' | 'raises'>,
  step: number,
  target: { channel: string; target: string },
  kind: string,
): string {
  return `${alert.fingerprint.slice(0, 16)}:${episodeTag(alert)}:${step}:${target.channel}/${target.target}:${kind}`;
}

/** The last part of a key, without the number of another try. */
export function tagOf(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1).replace(/~\d+$/, '');
}

/** The step of its own at which an alert is told of under a key: in a message about several each has its own. */
export function stepOf(key: string): number {
  return Number(key.split(':')[2]);
}

/** The id of a message follows from its key, so that writing it twice is one row. */
export function messageId(key: string): string {
  return sha256(key).slice(0, 32);
}

const OPEN: ReadonlySet<MessageStatus> = new Set(['queued', 'sending', 'retrying', 'uncertain']);

/** Whether the message may still be delivered. */
export function isOpen(message: Message): boolean {
  return OPEN.has(message.status);
}

/** Whether the receiver has the message, or may have it. */
export function mayBeKnown(message: Message): boolean {
  return message.status === 'sent' || message.status === 'sending' || message.maybeDelivered;
}
