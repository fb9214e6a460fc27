import type { Episode } from '../episode.ts';
import { decide } from '../group/decide.ts';
import type { Durable, Facts } from '../group/facts.ts';
import { type Decision, type GroupState, isOpen, type Message, type TimelineEntry, timerKey } from '../group/state.ts';
import { type AlertStore, NOTHING_PLANNED, type PlannedWork, type ResolveOnCall } from '../ports.ts';
import type { OutageRecord, OutageSpool } from './spool.ts';

export interface DrainDeps {
  store: AlertStore;
  resolveOnCall: ResolveOnCall;
  plannedWork?: PlannedWork;
}

/**
 * Takes what was decided while the state store was away over into it, under the same keys, so that nothing that was
 * told is told again and what still waits is sent. May be repeated.
 * @param now ms since the epoch
 * @returns how many groups of alerts were taken over
 */
export async function drainOutage(deps: DrainDeps, spool: OutageSpool, now: number): Promise<number> {
  const groups = gather(await spool.read());
  const [onCall, planned = NOTHING_PLANNED] = await Promise.all([deps.resolveOnCall(now), deps.plannedWork?.(now)]);
  for (const group of groups) {
    await deps.store.change({
      groupKey: group.key,
      lease: null,
      alertIds: group.alerts.map(({ id }) => id),
      instances: group.instances,
      now,
      decide: (state, durable) => takeOver(state, group, { ...durable, onCall, planned }, now),
    });
  }
  await spool.clear();
  return groups.length;
}

/** The last record of each group, with the timeline of all of them and the newest instances. */
function gather(records: readonly OutageRecord[]): OutageRecord[] {
  const groups = new Map<string, OutageRecord>();
  for (const record of records) {
    const before = groups.get(record.key);
    const instances = [...(before?.instances ?? []), ...record.instances];
    groups.set(record.key, {
      ...record,
      timeline: [...(before?.timeline ?? []), ...record.timeline],
      instances: [...new Map(instances.map((instance) => [instance.fingerprint, instance])).values()],
    });
  }
  return [...groups.values()];
}

function takeOver(state: GroupState, group: OutageRecord, facts: Facts & Durable, now: number): Decision {
  const { merged, taken } = mergeGroup(state, group);
  const interrupted = [...merged.messages.values()].filter(({ status }) => status === 'sending');
  const own = new Set(group.messages.map(({ id }) => id));
  const inputs = interrupted
    .filter(({ id }) => own.has(id))
    .map(({ id }) => ({ type: 'interrupted', messageId: id }) as const);
  const decision = decide(merged, inputs, now, facts);
  const notes = taken.map(
    (alert): TimelineEntry => ({
      ...{ alertId: alert.id, at: now, kind: 'taken_over', from: null, to: null },
      reason: 'it was decided while the state store was away; e-mail, Slack and PagerDuty only',
    }),
  );
  return { state: decision.state, timeline: [...group.timeline, ...notes, ...decision.timeline] };
}

/** The group with what the outage added. What the store already knows better stays. */
export function mergeGroup(state: GroupState, group: OutageRecord): { merged: GroupState; taken: Episode[] } {
  const taken = group.alerts.filter((alert) => isNews(state, alert));
  const ids = new Set(taken.map(({ id }) => id));
  const alerts = new Map(state.alerts);
  for (const alert of taken) alerts.set(alert.id, alert);
  const messages = new Map(state.messages);
  for (const message of group.messages) {
    const known = state.messages.get(message.id);
    if (!known || (isOpen(known) && isFurther(message, known))) messages.set(message.id, message);
  }
  const kept = [...state.timers.values()].filter(({ alertId }) => !ids.has(alertId));
  const timers = [...kept, ...group.timers.filter(({ alertId }) => ids.has(alertId))];
  const merged: GroupState = {
    ...state,
    anchorAt: state.anchorAt ?? group.anchorAt,
    alerts,
    messages,
    timers: new Map(timers.map((timer) => [timerKey(timer), timer])),
  };
  return { merged, taken };
}

/** Another instance that reached the store may have decided about the same episode meanwhile. */
function isNews(state: GroupState, alert: Episode): boolean {
  const known = state.alerts.get(alert.id);
  if (known) return known.round < alert.round;
  const open = [...state.alerts.values()].some(
    ({ fingerprint, state: now }) => fingerprint === alert.fingerprint && now === 'firing',
  );
  return alert.state === 'resolved' || !open;
}

function isFurther(message: Message, known: Message): boolean {
  return !isOpen(message) || message.attempts > known.attempts;
}
