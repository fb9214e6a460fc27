import type { Episode } from '../episode.ts';
import type { Source } from '../inhibit/inhibition.ts';
import { matchable, silenceOf, silenceText } from '../silence/silence.ts';
import { isGroupBusyFor } from './busy.ts';
import type { Draft } from './draft.ts';
import { scheduleFrom } from './schedule.ts';
import { type Message, mayBeKnown, type Timer, timerKey } from './state.ts';
import { nextTick } from './tick.ts';
import { cancel, withdrawEnds } from './withdraw.ts';

/** What mutes is looked at again so often where nothing says when it ends. */
const LOOK_AGAIN_MS = 600_000;

/** Why an alert is not told of. */
export interface Mute {
  reason: string;
  /** Ms since the epoch; null = not known. */
  until: number | null;
}

/** What mutes an alert now, from durable state. */
export function muteOf(draft: Draft, alert: Episode): Mute | null {
  if (alert.origin === 'meta' || alert.origin === 'watchdog') return null;
  const silence = silenceOf(draft.facts.silences, alert, draft.now);
  if (silence) return { reason: silenceText(silence), until: silence.endsAt };
  const planned = draft.facts.planned?.muteOf(matchable(alert), draft.now);
  if (planned) return planned;
  for (const inhibitor of alert.plan.inhibitors ?? []) {
    const source = draft.sourcesOf(inhibitor).find(({ id }) => id !== alert.id);
    if (source) return { reason: `muted while ${nameOf(source)} fires`, until: null };
  }
  return null;
}

function nameOf({ rule, labels }: Source): string {
  const monitor = labels['monitor'];
  return monitor === undefined ? `"${rule}"` : `"${rule}" of ${monitor}`;
}

/** Puts aside what a muted alert had to say; the clock of its escalation stands still. */
export function park(draft: Draft, alert: Episode, step: number, mute: Mute, isNews = true): void {
  draft.dropTimers(alert.id, 'step', 'repeat', 'muted', 'paging', 'personal');
  const dueAt = mute.until ?? draft.now + LOOK_AGAIN_MS;
  draft.setTimer({ alertId: alert.id, kind: 'muted', step, dueAt });
  if (isNews) draft.note(alert.id, 'muted', mute.reason);
}

/** Takes the timers of a muted alert that are due: its acknowledgement ends, the rest waits. */
export function hush(draft: Draft, alert: Episode, timers: readonly Timer[], mute: Mute): void {
  const steps = timers.filter(({ kind }) => kind === 'step').map(({ step }) => step);
  const expired = timers.some(({ kind }) => kind === 'ack');
  if (expired) draft.note(alert.id, 'ack_expired', `the acknowledgement of ${alert.ack?.by} expired`);
  const next = steps.length > 0 ? Math.min(...steps) : Math.max(0, alert.lastStep);
  park(draft, expired ? draft.setAlert({ ...alert, ack: null }) : alert, next, mute);
}

/** Lets alerts speak that nothing mutes any more; the others wait on. */
export function release(draft: Draft): void {
  for (const timer of [...draft.timers.values()]) {
    if (timer.kind !== 'muted' || timer.dueAt > draft.now) continue;
    draft.timers.delete(timerKey(timer));
    const alert = draft.alerts.get(timer.alertId);
    if (alert?.state !== 'firing') continue;
    const mute = muteOf(draft, alert);
    if (mute) park(draft, alert, timer.step, mute, false);
    else goOn(draft, alert, timer);
  }
}

/** The step that was put aside is next, and the later ones keep their distance from it. */
function goOn(draft: Draft, alert: Episode, { step: next }: Timer): void {
  draft.note(alert.id, 'unmuted', 'nothing mutes it any more');
  const { id, lastStep, ack } = alert;
  const { policy, repeat, groupIntervalMs } = alert.plan;
  const isBusy = lastStep >= 0 || isGroupBusyFor(draft, alert);
  const onGrid = policy === null && draft.anchorAt !== null && isBusy;
  const at = onGrid ? nextTick(draft.anchorAt ?? 0, groupIntervalMs, draft.now) : draft.now;
  if (next <= lastStep && repeat) draft.setTimer({ alertId: id, kind: 'repeat', step: lastStep, dueAt: at });
  if (ack) return;
  scheduleFrom(draft, alert, next, at);
}

/** Messages about muted alerts that nobody can have received do not leave; they are written anew afterwards. */
export function withhold(draft: Draft): void {
  for (const message of [...draft.messages.values()]) {
    if (!isWaiting(message) || mayBeKnown(message)) continue;
    const alerts = message.alerts.flatMap(({ id }) => draft.alerts.get(id) ?? []).filter((a) => a.state === 'firing');
    const mutes = alerts.map((alert) => ({ alert, mute: muteOf(draft, alert) }));
    const first = mutes[0]?.mute;
    if (!first || mutes.some(({ mute }) => mute === null)) continue;
    cancel(draft, message, first.reason);
    withdrawEnds(draft, message);
    for (const { alert, mute } of mutes) if (mute) putBack(draft, alert, message, mute);
  }
}

function putBack(draft: Draft, alert: Episode, message: Message, mute: Mute): void {
  if (alert.ack) return;
  const before = message.kind === 'firing' ? Math.min(alert.lastStep, message.step - 1) : alert.lastStep;
  const next = message.kind === 'firing' ? before + 1 : alert.lastStep;
  park(draft, draft.setAlert({ ...alert, lastStep: before }), next, mute);
}

function isWaiting({ status, kind }: Message): boolean {
  return (
    (status === 'queued' || status === 'retrying') && (kind === 'firing' || kind === 'repeat' || kind === 'update')
  );
}
