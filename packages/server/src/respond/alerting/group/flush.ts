import { formatDuration } from '../../../lib/duration.ts';
import type { Target } from '../config.ts';
import type { Episode } from '../episode.ts';
import { resumeAfterAck } from './acknowledge.ts';
import { leaveToVendor, phonesInstead } from './authority.ts';
import { reachesAll } from './busy.ts';
import { reopenClosed } from './close.ts';
import type { Draft } from './draft.ts';
import { digestFlaps } from './flap.ts';
import { hush, muteOf, release, withhold } from './mute.ts';
import { startRules, toldByRule } from './personal.ts';
import { sendResolved } from './resolve.ts';
import { scheduleRepeat } from './schedule.ts';
import { type MessageKind, type Timer, timerKey } from './state.ts';
import { reachOf } from './targets.ts';
import { tell } from './tell.ts';
import { targetKey } from './told.ts';

const LATE_MS = 5_000;

/** What one alert has to say at this instant, to one set of targets. */
interface Due {
  alert: Episode;
  step: number;
  kind: MessageKind;
  tag: string;
  reason: string;
  targets: readonly Target[];
  dueAt: number;
}

/** Sends what is due: steps, repeats, expired acknowledgements, ends. Overdue steps of an alert merge into one. */
export function flush(draft: Draft): void {
  reopenClosed(draft);
  digestFlaps(draft);
  release(draft);
  withhold(draft);
  const due = [...draft.timers.values()].filter((timer) => timer.dueAt <= draft.now);
  if (due.length === 0) return;
  const speaking = due.some((timer) => timer.kind !== 'resolve');
  const timers = speaking ? [...due, ...waitingForGroup(draft)] : due;
  for (const timer of timers) draft.timers.delete(timerKey(timer));
  const quiet = !draft.firing().some((alert) => alert.lastStep >= 0);
  const orders = draft.firing().flatMap((alert) =>
    ordersOf(
      draft,
      alert,
      timers.filter((timer) => timer.alertId === alert.id),
    ),
  );
  if (orders.length > 0 && quiet) draft.anchorAt = draft.now;
  advance(draft, orders);
  send(draft, orders);
  sendResolved(
    draft,
    timers.filter((timer) => timer.kind === 'resolve').map((timer) => timer.alertId),
  );
}

/** First messages that wait for their group leave along with any other message of it. */
function waitingForGroup(draft: Draft): Timer[] {
  return [...draft.timers.values()].filter((timer) => {
    const alert = draft.alerts.get(timer.alertId);
    const first = timer.kind === 'step' && timer.step === 0 && timer.dueAt > draft.now;
    return first && alert !== undefined && alert.firedAt + (alert.plan.steps[0]?.delayMs ?? 0) <= draft.now;
  });
}

/** What an alert has to say; a muted one waits. */
function ordersOf(draft: Draft, alert: Episode, timers: readonly Timer[]): Due[] {
  if (timers.length === 0) return [];
  const mute = muteOf(draft, alert);
  if (!mute) return dueOf(draft, alert, timers);
  hush(draft, alert, timers, mute);
  return [];
}

function dueOf(draft: Draft, alert: Episode, timers: readonly Timer[]): Due[] {
  const orders: Due[] = [];
  const steps = timers.filter((timer) => timer.kind === 'step');
  if (steps.length > 0) orders.push(...stepOrders(draft, alert, steps));
  const repeat = timers.find((timer) => timer.kind === 'repeat');
  if (repeat && steps.length === 0) orders.push(...repeatOrder(draft, alert, repeat));
  orders.push(
    ...pagingOrder(
      draft,
      alert,
      timers.filter((timer) => timer.kind === 'paging'),
    ),
  );
  orders.push(...timers.flatMap((timer) => ruleOrder(draft, alert, timer)));
  const expired = timers.find((timer) => timer.kind === 'ack');
  if (expired) orders.push(...expiredOrder(draft, alert, expired));
  return orders;
}

function stepOrders(draft: Draft, alert: Episode, timers: readonly Timer[]): Due[] {
  const { steps, targets, empty } = climb(
    draft,
    alert,
    timers.map((timer) => timer.step).sort((a, b) => a - b),
  );
  const step = steps.at(-1) ?? 0;
  const dueAt = Math.min(...timers.map((timer) => timer.dueAt));
  const delays = steps.map((index) => formatDuration(alert.plan.steps[index]?.delayMs ?? 0)).join(' and ');
  const late = draft.now - dueAt > LATE_MS ? `, ${formatDuration(draft.now - dueAt)} late` : '';
  const named = alert.plan.policy === null ? '' : ` of ${alert.plan.policy}`;
  const reason = step === 0 ? `first notification${late}` : `step ${delays}${named}: not acknowledged${late}`;
  for (const index of steps) startRules(draft, alert, index);
  const reached = leaveToVendor(draft, alert, step, targets);
  const order: Due = { alert, step, kind: 'firing', tag: 'firing', reason, targets: reached, dueAt };
  return [order, ...empty.map((one) => nobodyOrder(draft, alert, one))];
}

interface EmptyShift {
  step: number;
  problem: string;
}

/** The steps to send and whom they reach. A step with nobody on call brings the next one forward. */
function climb(draft: Draft, alert: Episode, due: readonly number[]) {
  const steps = [...due];
  const targets: Target[] = [];
  const empty: EmptyShift[] = [];
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] ?? 0;
    const reach = reachOf(draft, alert, step);
    targets.push(...reach.targets);
    if (reach.problem === null) continue;
    empty.push({ step, problem: reach.problem });
    const isLast = at === steps.length - 1;
    if (!isLast || step + 1 >= alert.plan.steps.length) continue;
    steps.push(step + 1);
    draft.timers.delete(timerKey({ alertId: alert.id, kind: 'step', step: step + 1 }));
  }
  return { steps, targets, empty };
}

/** Tells the platform's own receivers that a step found nobody on call. */
function nobodyOrder(draft: Draft, alert: Episode, { step, problem }: EmptyShift): Due {
  const follows = step + 1 < alert.plan.steps.length ? '; the next step was sent at once' : '';
  const reason = `${problem}${follows}`;
  draft.note(alert.id, 'nobody_on_call', reason);
  return { alert, step, kind: 'meta', tag: `nobody${step}`, reason, targets: alert.plan.meta, dueAt: draft.now };
}

function repeatOrder(draft: Draft, alert: Episode, timer: Timer): Due[] {
  const { repeat } = alert.plan;
  const step = alert.lastStep;
  if (repeat?.max !== null && alert.repeats >= (repeat?.max ?? 0)) {
    const reason = `nobody acknowledged after ${alert.repeats} repeats of the last step`;
    draft.note(alert.id, 'exhausted', reason);
    return [{ alert, step, kind: 'meta', tag: 'exhausted', reason, targets: alert.plan.meta, dueAt: timer.dueAt }];
  }
  const count = alert.repeats + 1;
  const targets = leaveToVendor(draft, alert, step, stillTold(alert, reachOf(draft, alert, step).targets));
  const reason = `still firing after ${formatDuration(draft.now - alert.firedAt)}`;
  startRules(draft, alert, step);
  return [{ alert, step, kind: 'repeat', tag: `repeat${count}`, reason, targets, dueAt: timer.dueAt }];
}

/** The vendor that pages has not taken the alert in time: phones ring after all. */
function pagingOrder(draft: Draft, alert: Episode, timers: readonly Timer[]): Due[] {
  const { authority } = alert.plan;
  if (timers.length === 0 || !authority || alert.ack) return [];
  const steps = timers.map((timer) => timer.step);
  const targets = phonesInstead(
    draft,
    alert,
    steps.flatMap((step) => reachOf(draft, alert, step).targets),
  );
  if (targets.length === 0) return [];
  const reason = `${targetKey(authority)} has not taken the alert`;
  return [{ alert, step: Math.max(...steps), kind: 'firing', tag: 'phones', reason, targets, dueAt: draft.now }];
}

/** The next rule of somebody whom a step reached and who has not answered. */
function ruleOrder(draft: Draft, alert: Episode, timer: Timer): Due[] {
  const told = toldByRule(draft, alert, timer);
  if (!told) return [];
  const { step, tag, person } = told;
  const targets = leaveToVendor(draft, alert, step, stillTold(alert, told.targets));
  return [{ alert, step, kind: 'firing', tag, reason: `no answer from ${person}`, targets, dueAt: timer.dueAt }];
}

function expiredOrder(draft: Draft, alert: Episode, timer: Timer): Due[] {
  if (!alert.ack) return [];
  const { by, at } = alert.ack;
  const reason = `still firing, the acknowledgement of ${by} expired`;
  draft.note(alert.id, 'ack_expired', reason);
  const step = Math.max(0, alert.lastStep);
  startRules(draft, { ...alert, ack: null }, step);
  const targets = leaveToVendor(draft, alert, step, reachOf(draft, alert, step).targets);
  return [{ alert, step, kind: 'update', tag: `update${at}`, reason, targets, dueAt: timer.dueAt }];
}

/** Under `multi_ack` the others are told on; who has acknowledged is not. */
function stillTold({ ack }: Episode, targets: readonly Target[]): readonly Target[] {
  if (!ack) return targets;
  const done = new Set([ack.by, ...(ack.also ?? [])]);
  return targets.filter(({ target, person }) => !done.has(target) && !(person !== undefined && done.has(person)));
}

/** Notes the progress of each alert and sets the timers that follow. */
function advance(draft: Draft, orders: readonly Due[]): void {
  for (const order of orders) {
    const alert = draft.alerts.get(order.alert.id) ?? order.alert;
    if (order.kind === 'meta') continue;
    if (order.kind === 'update') resumeAfterAck(draft, alert);
    else if (order.kind === 'repeat') scheduleRepeat(draft, draft.setAlert({ ...alert, repeats: alert.repeats + 1 }));
    else if (order.step > alert.lastStep) {
      const moved = draft.setAlert({ ...alert, lastStep: order.step });
      if (order.step === moved.plan.steps.length - 1) scheduleRepeat(draft, moved);
    }
  }
  if (orders.length > 0) restartRepeats(draft, orders);
}

/** A message lists what else fires in its group, so receivers without a policy who all get one need no repeat of it soon. */
function restartRepeats(draft: Draft, orders: readonly Due[]): void {
  const own = new Set(orders.map((order) => order.alert.id));
  const reached = new Set(orders.flatMap(({ targets }) => targets.map(targetKey)));
  for (const timer of [...draft.timers.values()]) {
    const alert = draft.alerts.get(timer.alertId);
    if (timer.kind !== 'repeat' || !alert || own.has(alert.id) || alert.plan.policy !== null) continue;
    if (reachesAll(alert, reached)) scheduleRepeat(draft, alert);
  }
}

/** One message for each target and kind, about all alerts that have something to say to it. */
function send(draft: Draft, orders: readonly Due[]): void {
  const bundles = new Map<string, { target: Target; orders: Due[] }>();
  for (const order of orders) {
    for (const target of order.targets) {
      const key = `${targetKey(target)}:${order.kind}`;
      const bundle = bundles.get(key) ?? { target, orders: [] };
      if (!bundle.orders.some((other) => other.alert.id === order.alert.id)) bundle.orders.push(order);
      bundles.set(key, bundle);
    }
  }
  for (const { target, orders: bundled } of bundles.values()) {
    const first = bundled[0];
    if (!first) continue;
    tell(draft, {
      alerts: bundled.map(({ alert, step }) => ({ alert: draft.alerts.get(alert.id) ?? alert, step })),
      targets: [target],
      kind: first.kind,
      tag: first.tag,
      reason: first.reason,
      dueAt: Math.min(...bundled.map((order) => order.dueAt)),
    });
  }
}
