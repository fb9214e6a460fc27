import type { Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { DeadChannel } from '../deliver/dead-channels.ts';
import {
  type Departure,
  departureOf,
  pickThrottled,
  THROTTLE_MEMORY_MS,
  THROTTLED,
  throttledNotes,
} from '../deliver/throttle.ts';
import { type Episode, isMutedByOthers } from '../episode.ts';
import { nextDue } from '../group/decide.ts';
import {
  type Claimed,
  type Decision,
  emptyGroup,
  type GroupState,
  isOpen,
  type Message,
  type TimelineEntry,
} from '../group/state.ts';
import type { Instance } from '../instance.ts';
import { grant, type LeaseAnswer, type LeaseWish, type StoredLease } from '../lease.ts';
import type { AlertStore, Change, Changed, ClaimRoom, Lease, RuleStatus, Saying } from '../ports.ts';
import { type Push, type PushedAlert, pushFingerprint, takePush } from '../push/pushed.ts';
import type { Silence } from '../silence/silence.ts';
import { claimedAs } from './claim-throttled.ts';
import { deadChannelsOf } from './dead-channels.ts';

interface Claim {
  worker: string;
  until: number;
}

const NO_TRANSACTION: Queryable = { query: async () => [] };

/** What is asked of a group again and again while nothing of it changes. */
interface Outlook {
  /** When it has something to do by itself, ms since the epoch; null = never. */
  due: number | null;
  /** Messages that wait for nothing but their time. */
  waiting: readonly Message[];
  sending: readonly Message[];
}

/** States of groups are never changed in place, so an outlook holds as long as its state. */
const outlooks = new WeakMap<GroupState, Outlook>();

/** The store in memory, for simulations. It outlives the engines that use it, as a database would. */
export class MemoryAlertStore implements AlertStore {
  readonly timeline: TimelineEntry[] = [];
  readonly #groups = new Map<string, GroupState>();
  readonly #instances = new Map<string, Instance>();
  readonly #statuses = new Map<string, RuleStatus>();
  readonly #silences = new Map<string, Silence>();
  readonly #claims = new Map<string, Claim>();
  readonly #now: () => number;
  readonly #pushed = new Map<string, PushedAlert>();
  #lease: StoredLease | undefined;

  /** @param now the database's clock, ms since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  async lease(wish: LeaseWish): Promise<LeaseAnswer> {
    const { stored, answer } = grant(this.#lease, wish, this.#now());
    if (stored) this.#lease = stored;
    return answer;
  }

  async release(lease: Lease): Promise<void> {
    if (this.#lease?.token === lease.token) this.#lease = { ...this.#lease, expiresAt: 0 };
  }

  async instances(): Promise<Instance[]> {
    return [...this.#instances.values()];
  }

  async ruleStatuses(): Promise<RuleStatus[]> {
    return [...this.#statuses.values()];
  }

  async saveEvaluation(lease: Lease, statuses: readonly RuleStatus[], instances: readonly Instance[]): Promise<void> {
    this.#fence(lease);
    for (const status of statuses) this.#statuses.set(status.ruleId, status);
    for (const instance of instances) this.#instances.set(instance.fingerprint, instance);
  }

  async follow(lease: Lease, sayings: readonly Saying[]): Promise<void> {
    this.#fence(lease);
    const said = new Map(sayings.map((saying) => [saying.alertId, saying.said]));
    for (const [key, group] of this.#groups) {
      if (![...group.alerts.keys()].some((id) => said.has(id))) continue;
      const alerts = [...group.alerts].map(([id, alert]): [string, Episode] => [
        id,
        alert.state === 'firing' ? { ...alert, ...said.get(id) } : alert,
      ]);
      this.#groups.set(key, { ...group, alerts: new Map(alerts) });
    }
  }

  async change(change: Change): Promise<Decision> {
    if (change.lease) this.#fence(change.lease);
    // Nothing is awaited here: another change of the group must not come in between.
    const before = this.group(change.groupKey);
    const readsFiring = change.readsFiring || [...before.alerts.values()].some(isMutedByOthers);
    const durable = { silences: this.#silencesInForce(), firing: readsFiring ? this.#firing() : [] };
    const decision = change.decide(before, durable);
    this.#groups.set(change.groupKey, decision.state);
    this.timeline.push(...decision.timeline);
    for (const instance of change.instances) this.#instances.set(instance.fingerprint, instance);
    for (const { fingerprint, progress } of change.pushed ?? []) {
      const pushed = this.#pushed.get(fingerprint);
      if (pushed) this.#pushed.set(fingerprint, { ...pushed, handled: progress });
    }
    for (const message of decision.state.messages.values()) {
      if (message.status !== 'sending') this.#claims.delete(message.id);
    }
    await change.afterwards?.(NO_TRANSACTION);
    return decision;
  }

  /** What is written here is taken by `claim` alone. */
  async changeAll(changes: readonly Change[]): Promise<Changed> {
    const decisions: Decision[] = [];
    for (const change of changes) decisions.push(await this.change(change));
    return { decisions, claimed: [] };
  }

  async dueGroups(now: number): Promise<string[]> {
    return [...this.#groups.values()]
      .filter((group) => (outlookOf(group).due ?? Infinity) <= now)
      .map(({ key }) => key);
  }

  async nextDue(room?: ClaimRoom): Promise<number | null> {
    const all = [...this.#groups.values()].map(outlookOf);
    const hasRoom = (message: Message) => !room || (room.messages > 0 && !room.busy.includes(contactOf(message)));
    const waiting = all.flatMap((one) => one.waiting.filter((message) => this.leaves(message) && hasRoom(message)));
    const times = [
      ...all.map(({ due }) => due).filter((due) => due !== null),
      ...waiting.map((message) => message.nextAttemptAt),
      ...[...this.#pushed.values()].flatMap((pushed) => dueOfPushed(pushed) ?? []),
    ];
    return times.length === 0 ? null : Math.min(...times);
  }

  async groupsOf(alertIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (alertIds.length === 0) return new Map();
    const asked = new Set(alertIds);
    const pairs = [...this.#groups.values()].flatMap(({ key, alerts }) =>
      [...alerts.keys()].filter((id) => asked.has(id)).map((id) => [id, key] as const),
    );
    return new Map(pairs);
  }

  async firingAlerts(): Promise<Episode[]> {
    return this.#firing();
  }

  #firing(): Episode[] {
    return [...this.#groups.values()].flatMap(({ alerts }) =>
      [...alerts.values()].filter(({ state, origin }) => state === 'firing' && origin !== 'watchdog'),
    );
  }

  async push(pushes: readonly Push[], now: number): Promise<void> {
    for (const push of pushes) {
      const print = pushFingerprint(push);
      const taken = takePush(this.#pushed.get(print), push, print, now);
      this.#pushed.set(taken.fingerprint, taken);
    }
  }

  async pushedToHandle(now: number, limit: number): Promise<PushedAlert[]> {
    return [...this.#pushed.values()].filter((pushed) => (dueOfPushed(pushed) ?? Infinity) <= now).slice(0, limit);
  }

  async pushedTimes(): Promise<ReadonlyMap<string, PushedAlert>> {
    return this.#pushed;
  }

  async prunePushed(before: number): Promise<void> {
    for (const { fingerprint, endsAt, handled, version } of this.#pushed.values()) {
      if (endsAt < before && !handled.open && handled.version === version) this.#pushed.delete(fingerprint);
    }
  }

  async silences(): Promise<Silence[]> {
    return [...this.#silences.values()].reverse();
  }

  async writeSilence(silence: Silence, afterwards: (tx: Queryable) => Promise<void>): Promise<void> {
    this.#silences.set(silence.id, silence);
    await afterwards(NO_TRANSACTION);
  }

  async pruneSilences(before: number): Promise<void> {
    for (const { id, endedAt, endsAt } of this.#silences.values()) {
      if ((endedAt ?? endsAt ?? before) < before) this.#silences.delete(id);
    }
  }

  async deadChannels(now: number): Promise<DeadChannel[]> {
    return deadChannelsOf(this.messages(), now);
  }

  async pruneSynthetic(before: number): Promise<void> {
    for (const [key, group] of this.#groups) {
      const old = [...group.alerts.values()].filter(
        ({ origin, resolvedAt }) => origin === 'watchdog' && resolvedAt !== null && resolvedAt < before,
      );
      const ids = new Set(old.map(({ id }) => id));
      if (ids.size === 0) continue;
      const alerts = new Map([...group.alerts].filter(([id]) => !ids.has(id)));
      const messages = new Map([...group.messages].filter(([, one]) => !one.alerts.some(({ id }) => ids.has(id))));
      this.#groups.set(key, { ...group, alerts, messages });
    }
  }

  async wakeMuted(now: number): Promise<void> {
    for (const group of this.#groups.values()) {
      const timers = new Map(group.timers);
      for (const [key, timer] of timers) if (timer.kind === 'muted') timers.set(key, { ...timer, dueAt: now });
      this.#groups.set(group.key, { ...group, timers });
    }
  }

  async claim(worker: string, now: number, leaseMs: number, room: ClaimRoom): Promise<Claimed[]> {
    const groups = [...this.#groups.values()];
    const counts = new Map<string, number>();
    const free = groups
      .flatMap((group) => nextFree(group, now))
      .filter((message) => this.leaves(message))
      .filter((message) => {
        const contact = contactOf(message);
        const count = (counts.get(contact) ?? 0) + 1;
        counts.set(contact, count);
        return count <= room.perTarget && !room.busy.includes(contact);
      });
    const throttled = groups.flatMap(({ messages }) =>
      [...messages.values()].filter((message) => isThrottledAndDue(messages, message, now) && this.leaves(message)),
    );
    const { leaving, waiting } = pickThrottled(throttled, this.#departures(now), now);
    for (const one of waiting) {
      this.#put({ ...one.message, nextAttemptAt: one.until });
      this.timeline.push(...throttledNotes(one, now));
    }
    const taken = [...free.map((message) => [message]).slice(0, room.messages), ...leaving.slice(0, room.messages)];
    return taken.flatMap((messages) => this.#take(messages, worker, now, leaseMs));
  }

  /** Whether a message may leave through this store. */
  protected leaves(_message: Message): boolean {
    return true;
  }

  #take(messages: readonly Message[], worker: string, now: number, leaseMs: number): Claimed[] {
    const bundle = messages.length > 1 ? (messages[0]?.bundle ?? messages[0]?.id ?? null) : null;
    return messages.map((message) => {
      const sending = claimedAs(message, bundle, now);
      this.#put(sending);
      this.#claims.set(message.id, { worker, until: now + leaseMs });
      return { ...sending, thread: this.#threadOf(message) };
    });
  }

  #put(message: Message): void {
    const group = this.group(message.groupKey);
    this.#groups.set(group.key, { ...group, messages: new Map(group.messages).set(message.id, message) });
  }

  #threadOf(message: Message): string | null {
    const alerts = new Set(message.alerts.map(({ id }) => id));
    for (const other of this.group(message.groupKey).messages.values()) {
      if (other.id === message.id) return null;
      const shares = other.alerts.some(({ id }) => alerts.has(id));
      if (shares && contactOf(other) === contactOf(message) && other.receipt !== null) return other.receipt;
    }
    return null;
  }

  #departures(now: number): Departure[] {
    return this.messages()
      .filter(({ channel }) => THROTTLED.includes(channel))
      .filter(({ status, sentAt }) => status === 'sending' || (sentAt ?? 0) > now - THROTTLE_MEMORY_MS)
      .map(departureOf);
  }

  async leftAs(id: string): Promise<{ id: string; groupKey: string; alertIds: readonly string[] }[]> {
    return this.messages()
      .filter((message) => message.id === id || message.bundle === id)
      .map(({ id: own, groupKey, alerts }) => ({ id: own, groupKey, alertIds: alerts.map((alert) => alert.id) }));
  }

  async interrupted(
    worker: string,
    now: number,
    inFlight: readonly string[],
  ): Promise<{ id: string; groupKey: string }[]> {
    const sending = [...this.#groups.values()].flatMap((group) => outlookOf(group).sending);
    return sending.filter((message) => {
      const claim = this.#claims.get(message.id);
      if (!claim) return false;
      return claim.until <= now || (claim.worker === worker && !inFlight.includes(message.id));
    });
  }

  /** Every message ever written, oldest first. */
  messages(): Message[] {
    return [...this.#groups.values()].flatMap((group) => [...group.messages.values()]);
  }

  group(key: string): GroupState {
    return this.#groups.get(key) ?? emptyGroup(key);
  }

  #silencesInForce(): Silence[] {
    const firing = new Set(this.#firing().map(({ id }) => id));
    return [...this.#silences.values()].filter(
      ({ endedAt, endsAt, alertIds }) =>
        endedAt === null && (endsAt !== null || alertIds.some((alertId) => firing.has(alertId))),
    );
  }

  #fence(lease: Lease): void {
    if (lease.token === this.#lease?.token) return;
    throw new YumOpsError('lease_lost', 'Another instance evaluates the alert rules now.', { status: 409 });
  }
}

/** When a pushed alert has to be looked at, ms since the epoch; null = not before it is pushed again. */
function dueOfPushed({ version, handled, endsAt, receivedAt }: PushedAlert): number | null {
  if (handled.version !== version) return receivedAt;
  return handled.open ? endsAt : null;
}

function isWaiting(message: Message): boolean {
  return isOpen(message) && message.status !== 'sending';
}

/** The messages of unthrottled channels that may leave, one for each contact. */
function nextFree(group: GroupState, now: number): Message[] {
  return outlookOf(group).waiting.filter(
    (message) => !THROTTLED.includes(message.channel) && message.nextAttemptAt <= now,
  );
}

function isThrottledAndDue(messages: ReadonlyMap<string, Message>, message: Message, now: number): boolean {
  const due = isWaiting(message) && message.nextAttemptAt <= now;
  return due && THROTTLED.includes(message.channel) && !isHeldUp(messages, message, now);
}

/** An older message of the group to the same contact is being sent, or waits for longer. */
function isHeldUp(messages: ReadonlyMap<string, Message>, message: Message, now: number): boolean {
  for (const other of messages.values()) {
    if (other.id === message.id) return false;
    if (contactOf(other) !== contactOf(message) || !isOpen(other)) continue;
    if (other.status === 'sending' || other.nextAttemptAt > now) return true;
  }
  return false;
}

function contactOf({ channel, target }: Message): string {
  return `${channel}/${target}`;
}

function outlookOf(group: GroupState): Outlook {
  const known = outlooks.get(group);
  if (known) return known;
  const waiting: Message[] = [];
  const sending: Message[] = [];
  /** An older message of the group to the same target is still on its way. */
  const blocked = new Set<string>();
  for (const message of group.messages.values()) {
    if (!isOpen(message)) continue;
    const contact = contactOf(message);
    if (message.status === 'sending') sending.push(message);
    else if (!blocked.has(contact)) waiting.push(message);
    blocked.add(contact);
  }
  const outlook = { due: nextDue(group), waiting, sending };
  outlooks.set(group, outlook);
  return outlook;
}
