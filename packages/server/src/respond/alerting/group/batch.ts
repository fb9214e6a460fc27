import type { Target } from '../config.ts';
import type { Episode } from '../episode.ts';
import { learn, openTo, toldTo } from './batch-told.ts';
import type { Draft } from './draft.ts';
import { fallBack } from './fallback.ts';
import { muteOf } from './mute.ts';
import { isOpen, type Message, type MessageKind, mayBeKnown, timerKey } from './state.ts';
import { nextTick } from './tick.ts';
import { targetKey } from './told.ts';
import { cancel, narrow } from './withdraw.ts';
import { writeBatch } from './write.ts';

const LOOK_AGAIN_MS = 600_000;

/** What a target is to be told. */
interface Need {
  target: Target;
  kind: MessageKind;
  firing: readonly Episode[];
  ended: readonly Episode[];
  reason: string;
  /** Ms since the epoch. */
  dueAt: number;
}

/** What all targets of the group look at. */
interface View {
  /** Alerts that fire and that nothing mutes. */
  loud: readonly Episode[];
  /** When what mutes others may have ended, ms since the epoch. */
  muted: ReadonlyMap<string, number>;
  /** The newest alert: its plan says how the group is told. */
  newest: Episode;
}

/**
 * A group that is told as a whole: at each flush every target gets one message with all that fires and all that ended,
 * if that is news to it or its repeat is due. A target that still waits for its last message is left alone.
 */
export function flushBatch(draft: Draft): void {
  let flushes = takeDue(draft);
  const view = viewOf(draft);
  if (!view) return;
  withholdBatch(draft, view);
  for (;;) {
    if (flushes) tellAll(draft, view);
    forgetEnds(draft);
    const next = schedule(draft, view, flushes);
    if (flushes || next === null || next > draft.now) return;
    flushes = true;
  }
}

/** Takes the timers that are due. @returns whether the group flushes now */
function takeDue(draft: Draft): boolean {
  const due = [...draft.timers.values()].filter(({ dueAt }) => dueAt <= draft.now);
  for (const timer of due) {
    draft.timers.delete(timerKey(timer));
    if (timer.kind === 'ack') expire(draft, timer.alertId);
  }
  return due.some(({ kind }) => kind === 'flush');
}

function tellAll(draft: Draft, view: View): void {
  draft.anchorAt ??= draft.now;
  for (const need of needsOf(draft, view)) if (need.dueAt <= draft.now) write(draft, need);
}

function viewOf(draft: Draft): View | undefined {
  const all = [...draft.alerts.values()];
  const newest = all.reduce<Episode | undefined>((a, b) => (a && a.firedAt > b.firedAt ? a : b), undefined);
  if (!newest) return undefined;
  const muted = new Map<string, number>();
  const loud = draft.firing().filter((alert) => {
    const mute = muteOf(draft, alert);
    if (mute) muted.set(alert.id, mute.until ?? draft.now + LOOK_AGAIN_MS);
    return !mute;
  });
  return { loud, muted, newest };
}

function expire(draft: Draft, alertId: string): void {
  const alert = draft.alerts.get(alertId);
  if (!alert?.ack) return;
  draft.note(alertId, 'ack_expired', `still firing, the acknowledgement of ${alert.ack.by} expired`);
  draft.setAlert({ ...alert, ack: null });
}

/** A message that nobody can have seen says nothing of alerts that ended or are muted meanwhile. */
function withholdBatch(draft: Draft, { loud }: View): void {
  const speaking = new Set(loud.map(({ id }) => id));
  for (const message of [...draft.messages.values()]) {
    if (!isWaiting(message) || mayBeKnown(message)) continue;
    const kept = message.alerts.filter(({ id, ended }) => ended || speaking.has(id));
    if (kept.length === message.alerts.length) continue;
    if (kept.length === 0) cancel(draft, message, 'what it tells of ended, or is muted');
    else narrow(draft, message, kept);
  }
}

function isWaiting({ status, kind }: Message): boolean {
  return kind !== 'meta' && (status === 'queued' || status === 'retrying');
}

/** What each target is to be told, now or later. */
function needsOf(draft: Draft, view: View): Need[] {
  const targets = new Map<string, Target>();
  for (const { plan } of draft.alerts.values()) {
    for (const target of receiversOf(plan)) targets.set(targetKey(target), target);
  }
  for (const key of draft.told.keys()) if (!targets.has(key)) targets.set(key, targetOf(key));
  return [...targets].flatMap(([key, target]) => (openTo(draft, key) ? [] : (needOf(draft, view, key, target) ?? [])));
}

/** With nobody to tell, the platform's own receivers are told. */
function receiversOf({ steps, meta }: Episode['plan']): readonly Target[] {
  const targets = steps[0]?.targets ?? [];
  return targets.length > 0 ? targets : meta;
}

function targetOf(key: string): Target {
  const slash = key.indexOf('/');
  return { channel: key.slice(0, slash) as Target['channel'], target: key.slice(slash + 1), broken: null };
}

function needOf(draft: Draft, { loud, newest }: View, key: string, target: Target): Need | undefined {
  const told = toldTo(draft, key);
  const listed = new Set(told.listed);
  const firing = loud.filter(({ plan }) => receiversOf(plan).some((one) => targetKey(one) === key));
  const hearsEnds = !newest.plan.withoutResolved.includes(key);
  const ended = (hearsEnds ? told.firing : []).flatMap((id) => {
    const alert = draft.alerts.get(id);
    return alert?.state === 'resolved' ? [alert] : [];
  });
  const need = { target, firing, ended };
  const fresh = firing.filter(({ id }) => !listed.has(id));
  if (fresh.length > 0) {
    const again = fresh.every(({ id }) => told.firing.includes(id));
    const reason = again ? 'nothing mutes it any more' : 'fires since the last message';
    return { ...need, kind: 'firing', dueAt: draft.now, reason: told.count === 0 ? 'first notification' : reason };
  }
  if (ended.length > 0) {
    const kind = firing.length > 0 ? 'update' : 'resolved';
    return { ...need, kind, dueAt: draft.now, reason: ended[0]?.resolveReason ?? 'resolved' };
  }
  const repeat = newest.plan.repeat?.everyMs;
  if (repeat === undefined || firing.every(({ ack }) => ack !== null)) return undefined;
  return { ...need, kind: 'repeat', dueAt: told.at + repeat, reason: 'still firing' };
}

function write(draft: Draft, { target, kind, firing, ended, reason }: Need): void {
  const message = writeBatch(draft, { target, kind, firing, ended, reason });
  if (message.status !== 'failed') return;
  learn(draft, message, false);
  fallBack(draft, message, message.lastError ?? 'it is not set up');
}

/** Ends that nobody is told of are not waited for. */
function forgetEnds(draft: Draft): void {
  for (const [key, told] of draft.told) {
    const firing = told.firing.filter((id) => {
      const alert = draft.alerts.get(id);
      return alert && (alert.state === 'firing' || !alert.plan.withoutResolved.includes(key));
    });
    const listed = told.listed.filter((id) => draft.alerts.get(id)?.state === 'firing');
    if (firing.length === told.firing.length && listed.length === told.listed.length) continue;
    draft.told.set(key, { ...told, firing, listed });
  }
}

/** Sets the timers of the next flush that can have something to say, and of what mutes alerts. */
function schedule(draft: Draft, view: View, flushed: boolean): number | null {
  for (const timer of [...draft.timers.values()]) {
    if (timer.kind === 'flush' || timer.kind === 'muted') draft.timers.delete(timerKey(timer));
  }
  for (const [alertId, dueAt] of view.muted) draft.setTimer({ alertId, kind: 'muted', step: 0, dueAt });
  const firing = draft.firing();
  const open = [...draft.messages.values()].some(isOpen);
  const untold = [...draft.told.values()].some((told) => told.firing.length > 0);
  if (firing.length === 0 && !open && !untold) {
    draft.anchorAt = null;
    return null;
  }
  const dueAt = nextFlush(draft, view, firing, flushed);
  if (dueAt !== null) draft.setTimer({ alertId: view.newest.id, kind: 'flush', step: 0, dueAt });
  return dueAt;
}

function nextFlush(draft: Draft, view: View, firing: readonly Episode[], flushed: boolean): number | null {
  const { groupIntervalMs, endsWait } = view.newest.plan;
  if (draft.anchorAt === null) {
    // The flush that begins the grid comes even if all is muted.
    return firing.length === 0 ? null : Math.min(...firing.map((alert) => alert.firedAt + alert.plan.groupWaitMs));
  }
  const anchor = draft.anchorAt;
  const soonest = flushed ? draft.now + 1 : draft.now;
  const needs = needsOf(draft, view);
  if (needs.length === 0) return null;
  // Nothing else comes: the end need not wait for an interval that nobody asked for.
  if (firing.length === 0 && !endsWait) return draft.now;
  return Math.min(...needs.map((need) => nextTick(anchor, groupIntervalMs, Math.max(need.dueAt, soonest))));
}
