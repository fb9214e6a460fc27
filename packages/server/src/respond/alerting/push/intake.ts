import { episodeOf, groupKeyOf } from '../episodes.ts';
import { alertId } from '../fingerprint.ts';
import { type ChangeDeps, type Circumstances, changeGroups, type GroupChange, type Sending } from '../group/change.ts';
import type { GroupInput } from '../group/decide.ts';
import { batchKey } from '../group/state.ts';
import type { Plans } from '../plans.ts';
import type { Lease } from '../ports.ts';
import { PUSHED_RULE_ID, type PushedAlert, type PushProgress, pushSubject } from './pushed.ts';

/** Pushed alerts that are looked at at one time. */
export const PUSHED_AT_ONCE = 2_000;
/** Groups that are changed at one time: timers and deliveries have their turn in between. */
const MOST_GROUPS = 500;
/** Under a policy what fires again so soon after its end is the same episode. */
const REOPEN_MS = 300_000;

export interface Handling {
  lease: Lease;
  plans: Plans;
  /** Labels that form a group. */
  groupBy: readonly string[];
  /** Ms since the epoch. */
  now: number;
  /** Takes messages that may leave at once. */
  sending?: Sending;
  /** As they were read already. */
  circumstances?: Circumstances | undefined;
}

/** What a pushed alert means for its group. */
interface Handled {
  alert: PushedAlert;
  progress: PushProgress;
  groupKey: string;
  /** The group may be new. */
  isNew: boolean;
  inputs: GroupInput[];
}

/** What handling came to. */
export interface HandledPushes {
  /** There are messages now that may leave and that nobody has taken. */
  waits: boolean;
  /** There may be more to handle. */
  more: boolean;
  /** So many are worth reading the next time: what is read and left is read again. */
  atOnce: number;
}

/**
 * Turns what was pushed since, and pushes whose end has come, into alerts, group by group.
 * @param limit so many were asked for: with as many there may be more
 * @throws YumOpsError `lease_lost`
 */
export async function handlePushed(
  deps: ChangeDeps,
  { lease, plans, groupBy, now, sending, circumstances }: Handling,
  pushed: readonly PushedAlert[],
  limit: number,
): Promise<HandledPushes> {
  if (pushed.length === 0) return { waits: false, more: false, atOnce: PUSHED_AT_ONCE };
  const told = pushed.filter(({ handled }) => handled.episode > 0);
  const known = await deps.store.groupsOf(told.map(({ fingerprint, handled }) => idOf(fingerprint, handled)));
  const groups = new Map<string, Handled[]>();
  for (const alert of pushed) {
    const handled = handle(alert, known.get(idOf(alert.fingerprint, alert.handled)), plans, groupBy, now);
    const own = groups.get(handled.groupKey);
    if (own) own.push(handled);
    else groups.set(handled.groupKey, [handled]);
  }
  const first = [...groups].slice(0, MOST_GROUPS);
  const changes = first.map(
    ([groupKey, own]): GroupChange => ({
      groupKey,
      lease,
      alertIds: own.map(({ alert }) => idOf(alert.fingerprint, alert.handled)),
      inputs: own.flatMap(({ inputs }) => inputs),
      pushed: own.map(({ alert, progress }) => ({ fingerprint: alert.fingerprint, progress })),
      begins: own.every(({ isNew }) => isNew),
      now: () => now,
    }),
  );
  const waits = await changeGroups(deps, changes, sending, circumstances);
  const ends = changes.some(({ inputs }) => inputs.some(({ type }) => type === 'resolved'));
  // What an alert muted that is over now may speak again.
  if (ends) await deps.store.wakeMuted(now);
  const isMany = groups.size >= MOST_GROUPS;
  return { waits, more: isMany || pushed.length >= limit, atOnce: isMany ? MOST_GROUPS : PUSHED_AT_ONCE };
}

function idOf(fingerprint: string, { episode }: PushProgress): string {
  return alertId(fingerprint, episode);
}

function handle(
  alert: PushedAlert,
  knownGroup: string | undefined,
  plans: Plans,
  groupBy: readonly string[],
  now: number,
): Handled {
  const { handled } = alert;
  const subject = pushSubject(alert);
  const { plan, route } = plans.ofPushed(subject);
  const turn = turnOf(alert, plan.batch ?? false, now);
  const labelsKey = groupKeyOf(groupBy, alert);
  const newGroup = plan.batch ? batchKey(route, labelsKey) : `pushed:${route}:${labelsKey}`;
  const groupKey = turn.isNew ? newGroup : (knownGroup ?? newGroup);
  const seen = { ...handled, version: alert.version, activity: alert.activity };
  const closed = turn.ends ? { ...seen, open: false, closedAt: now } : seen;
  const progress = turn.begins ? begun(closed, turn.again) : closed;
  const inputs: GroupInput[] = [];
  if (turn.ends) inputs.push(endOf(alert, turn.same, now));
  if (turn.begins) {
    const instance = { fingerprint: alert.fingerprint, ruleId: PUSHED_RULE_ID, ...progress };
    const context = { origin: 'pushed' as const, plan, groupKey, at: alert.startsAt, now: alert.firstReceivedAt };
    inputs.push({ type: 'fired', alert: episodeOf(subject, instance, context) });
  }
  if (turn.goesOn) inputs.push(updateOf(alert, alert.endsAt > now));
  return { alert, progress, groupKey, isNew: turn.isNew, inputs };
}

/** What a pushed alert means for its episode. */
function turnOf(alert: PushedAlert, batch: boolean, now: number) {
  const { handled } = alert;
  const fires = alert.endsAt > now;
  const same = handled.activity === alert.activity;
  const ends = handled.open && !(same && fires);
  const begins = fires && (ends || !handled.open);
  const again = handled.episode > 0 && (same || isSoon(handled, batch, now));
  const goesOn = same && !ends && !begins && handled.episode > 0;
  return { same, ends, begins, again, goesOn, isNew: begins && !again && !ends };
}

/** The next episode, or the next round of the last one. */
function begun(progress: PushProgress, again: boolean): PushProgress {
  const { episode, round } = progress;
  const next = again ? { round: round + 1 } : { episode: episode + 1, round: 0 };
  return { ...progress, ...next, open: true, closedAt: null };
}

function isSoon({ closedAt }: PushProgress, batch: boolean, now: number): boolean {
  return !batch && closedAt !== null && now - closedAt <= REOPEN_MS;
}

/** @param same false = another activity has begun since, and only its times are known */
function endOf(alert: PushedAlert, same: boolean, now: number): GroupInput {
  const { annotations, startsAt, endsAt, timeout } = alert;
  const { summary } = pushSubject(alert);
  return {
    type: 'resolved',
    alertId: idOf(alert.fingerprint, alert.handled),
    reason: same && timeout ? 'its sender has not sent it again' : 'its sender says that it ended',
    reading: { value: null, sample: null, summary },
    endedAt: Math.min(same ? endsAt : startsAt, now),
    ...(same && { annotations, startedAt: startsAt }),
  };
}

function updateOf(alert: PushedAlert, fires: boolean): GroupInput {
  const { annotations, summary, query, runbook } = pushSubject(alert);
  const alertId = idOf(alert.fingerprint, alert.handled);
  const times = { startedAt: alert.startsAt, endedAt: fires ? null : alert.endsAt };
  return { type: 'updated', alertId, annotations, summary, query, runbook, ...times };
}
