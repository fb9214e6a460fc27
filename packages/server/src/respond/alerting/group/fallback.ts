import type { Target } from '../config.ts';
import type { Episode, Plan } from '../episode.ts';
import { isTold } from './batch-told.ts';
import type { Draft } from './draft.ts';
import { muteOf } from './mute.ts';
import { isOpen, type Message, stepOf, timerKey } from './state.ts';
import { knowsOfFiring, targetKey } from './told.ts';
import { writeBatch, writeMessages } from './write.ts';

/** Nobody is woken a second time because another way failed. */
const PAGES: ReadonlySet<string> = new Set(['sms', 'phone_call', 'pagerduty', 'opsgenie']);

/** Tells the fallback of every message that has not arrived in its time. The message itself goes on trying. */
export function fallBackWhenOverdue(draft: Draft): void {
  for (const message of [...draft.messages.values()]) {
    if (message.fallbackAt === null || message.fallbackAt > draft.now) continue;
    draft.setMessage({ ...message, fallbackAt: null });
    if (!isOpen(message)) continue;
    const seconds = Math.round((draft.now - message.createdAt) / 1_000);
    fallBack(draft, message, `undelivered for ${seconds} s${message.lastError ? ` (${message.lastError})` : ''}`);
  }
}

/** Tells others in place of a target that could not be reached. `why` completes "slack/#alerts is failing: …". */
export function fallBack(draft: Draft, failed: Message, why: string): void {
  if (failed.kind === 'meta' || failed.kind === 'acknowledged') return;
  const alerts = failed.alerts
    .flatMap(({ id }) => draft.alerts.get(id) ?? [])
    .filter((alert) => alert.state === 'firing' && !muteOf(draft, alert));
  const plan = alerts[0]?.plan;
  if (!plan) return;
  const own = otherWaysTo(draft, plan, failed, alerts);
  const targets = own.length > 0 ? own : fallbackTargets(plan, failed);
  if (targets.length === 0) {
    draft.noteAll(failed, 'fallback', `${targetKey(failed)} failed and there is no fallback: ${why}`);
    for (const alert of alerts) bringForward(draft, alert);
    return;
  }
  for (const target of targets) tellInstead(draft, failed, target, alerts, why);
}

/** Whether somebody else is told in place of a target that this message does not reach. */
export function hasFallback(draft: Draft, message: Message): boolean {
  const alert = message.alerts.map(({ id }) => draft.alerts.get(id)).find((one) => one?.state === 'firing');
  if (!alert || message.kind === 'resolved') return false;
  return otherWaysTo(draft, alert.plan, message, [alert]).length > 0 || fallbackTargets(alert.plan, message).length > 0;
}

/** The next way to the person on call whom a message did not reach, which was not tried yet. */
function otherWaysTo(draft: Draft, plan: Plan, failed: Message, alerts: readonly Episode[]): Target[] {
  if (!plan.duty) return [];
  const { targets } = draft.facts.onCall(plan.duty);
  const person = targets.find((target) => targetKey(target) === targetKey(failed))?.person;
  const usable = targets.filter(
    (target) =>
      target.person === person &&
      target.broken === null &&
      targetKey(target) !== targetKey(failed) &&
      alerts.some(({ id }) => !draft.messagesOf(id).some((message) => targetKey(message) === targetKey(target))),
  );
  return person === undefined ? [] : usable.slice(0, 1);
}

/** With nobody left to tell, the next step comes early. */
function bringForward(draft: Draft, alert: Episode): void {
  if (alert.severity !== 'critical' || alert.ack) return;
  const next = draft.timers.get(timerKey({ alertId: alert.id, kind: 'step', step: alert.lastStep + 1 }));
  if (!next || next.dueAt <= draft.now) return;
  draft.setTimer({ ...next, dueAt: draft.now });
  draft.note(alert.id, 'brought_forward', 'the next step comes now, for nobody else can be told');
}

function tellInstead(draft: Draft, failed: Message, target: Target, alerts: Episode[], why: string): void {
  const reason = `${targetKey(failed)} is failing: ${why}`;
  if (draft.isBatch) {
    const fresh = alerts.filter(({ id }) => !isTold(draft, id, target));
    const title = `${channelName(failed.channel)} ${failed.target} is failing`;
    if (fresh.length > 0) writeBatch(draft, { target, kind: 'firing', firing: fresh, ended: [], reason });
    else if (PAGES.has(target.channel)) draft.noteAll(failed, 'fallback', `${targetKey(target)} has it already`);
    else writeBatch(draft, { target, kind: 'meta', firing: alerts, ended: [], reason, title });
    return;
  }
  const fresh = alerts.filter((alert) => !knowsOfFiring(draft, alert.id, target));
  const steps = new Map(failed.alerts.map(({ id, key }) => [id, stepOf(key)]));
  const atStep = (alert: Episode) => ({ alert, step: steps.get(alert.id) ?? failed.step });
  if (fresh.length > 0) {
    const entries = fresh.map(atStep);
    writeMessages(draft, { alerts: entries, targets: [target], kind: 'firing', tag: 'firing', reason });
    return;
  }
  const neverTried = failed.attempts === 0 && failed.status === 'failed';
  const entries = alerts.map(atStep);
  // A step that asks for a channel which does not exist is told to the fallback as that step.
  if (neverTried) writeMessages(draft, { alerts: entries, targets: [target], kind: 'firing', tag: 'firing', reason });
  else if (PAGES.has(target.channel)) draft.noteAll(failed, 'fallback', `${targetKey(target)} has it already`);
  else {
    const title = `${channelName(failed.channel)} ${failed.target} is failing`;
    const tag = `meta-${targetKey(failed)}`;
    writeMessages(draft, { alerts: entries, targets: [target], kind: 'meta', tag, reason, title });
  }
}

function fallbackTargets(plan: Plan, failed: Message): Target[] {
  const usable = (target: Target) => target.broken === null && targetKey(target) !== targetKey(failed);
  const planned = plan.steps.flatMap((step) => step.targets).filter(usable);
  const emails = unique(planned.filter((target) => target.channel === 'email'));
  const meta = plan.meta.filter(usable);
  const pages = failed.channel === 'sms' || failed.channel === 'phone_call';
  if (failed.channel === 'email') {
    const others = unique(planned.filter((target) => target.channel !== 'email'));
    return others.length > 0 ? others : meta;
  }
  const [first, second] = pages ? [meta, emails] : [emails, meta];
  return first.length > 0 ? [...first] : [...second];
}

function unique(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [targetKey(target), target])).values()];
}

/** The channel's name as people write it. */
export function channelName(channel: string): string {
  const names: Record<string, string> = { slack: 'Slack', email: 'E-mail', sms: 'SMS', phone_call: 'Phone call' };
  return names[channel] ?? channel;
}
