import { formatDuration } from '../../../lib/duration.ts';
import type { Message, TimelineEntry } from '../group/state.ts';

/** At most so many messages in so many ms. */
interface Limit {
  count: number;
  perMs: number;
}

/** How much leaves, by channel. */
export interface Limits {
  /** To one contact. */
  perContact: Readonly<Record<string, readonly Limit[]>>;
  /** To all contacts together; a mail server has limits of its own. */
  overall: Readonly<Record<string, Limit>>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const ONE_A_MINUTE: Limit = { count: 1, perMs: MINUTE_MS };

/** What one contact is sent at most. The figures are those of GoAlert. */
const PER_CONTACT = {
  email: [ONE_A_MINUTE],
  sms: [
    ONE_A_MINUTE,
    { count: 5, perMs: 15 * MINUTE_MS },
    { count: 11, perMs: HOUR_MS },
    { count: 21, perMs: 3 * HOUR_MS },
  ],
  phone_call: [
    ONE_A_MINUTE,
    { count: 3, perMs: 15 * MINUTE_MS },
    { count: 7, perMs: HOUR_MS },
    { count: 15, perMs: 3 * HOUR_MS },
  ],
};
const OVERALL = {
  sms: { count: 5, perMs: 5_000 },
  phone_call: { count: 5, perMs: 5_000 },
};

export const LIMITS: Limits = { perContact: PER_CONTACT, overall: OVERALL };

/** Channels whose messages are throttled; waiting messages to one contact leave as one. */
export const THROTTLED: readonly string[] = Object.keys(PER_CONTACT);
/** How far back messages count, ms. */
export const THROTTLE_MEMORY_MS = 3 * HOUR_MS;
/** A group that was told of on the channel within this time lets others go first. */
const RECENT_MS = 5 * MINUTE_MS;

/** A message that left, or is leaving. */
export interface Departure {
  /** What left: the id of the message or of its bundle. */
  id: string;
  channel: string;
  target: string;
  kind: string;
  groupKey: string;
  /** Ms since the epoch. */
  at: number;
}

export interface Picked {
  /** What leaves now; the messages of one list leave as one. */
  leaving: Message[][];
  /** What waits, until when (ms since the epoch), and why. */
  waiting: { message: Message; until: number; why: string }[];
}

/**
 * Chooses what may leave now. Nothing is dropped: what is over a limit waits, and leaves as one message with all that
 * waits for the same contact by then. A message whose first attempt is over is not held up again.
 * @param due messages of throttled channels that are due, oldest first
 * @param past what left within `THROTTLE_MEMORY_MS`
 */
export function pickThrottled(
  due: readonly Message[],
  past: readonly Departure[],
  now: number,
  limits: Limits = LIMITS,
): Picked {
  const departures = [...past];
  const picked: Picked = { leaving: [...again(due).values()], waiting: [] };
  for (const messages of inTurn(fresh(due), past, now)) {
    const [first] = messages;
    if (!first) continue;
    const { until, why } = freeAt(first, departures, now, limits);
    const held = [...messages, ...followersOf(messages, due)];
    if (until > now) picked.waiting.push(...held.map((message) => ({ message, until, why })));
    else {
      picked.leaving.push(messages);
      departures.push({ ...departureOf(first), at: now });
    }
  }
  return picked;
}

/** What the platform says of itself after these, and what comes after that, to the same contact: it waits with them. */
function followersOf(messages: readonly Message[], due: readonly Message[]): Message[] {
  const orders = new Set(messages.map((message) => `${message.groupKey} ${contactOf(message)}`));
  const others = due.filter((message) => !messages.includes(message) && message.attempts === 0);
  return others.filter((message) => orders.has(`${message.groupKey} ${contactOf(message)}`));
}

/** Messages that were tried before, with those they left with. */
function again(due: readonly Message[]): Map<string, Message[]> {
  const sets = new Map<string, Message[]>();
  for (const message of due.filter(({ attempts }) => attempts > 0)) {
    const id = message.bundle ?? message.id;
    sets.set(id, [...(sets.get(id) ?? []), message]);
  }
  return sets;
}

/**
 * What was never tried, one list for each contact. What is exempt leaves by itself, unless an older message of its group
 * goes to the same contact: nobody hears of an end before the beginning.
 */
function fresh(due: readonly Message[]): Message[][] {
  const sets = new Map<string, Message[]>();
  const tried = new Set(due.filter(({ attempts }) => attempts > 0).map(contactOf));
  const joined = new Set<string>();
  const alone = new Set<string>();
  const behind = new Set<string>();
  for (const message of due.filter(({ attempts }) => attempts === 0)) {
    const contact = contactOf(message);
    const order = `${message.groupKey} ${contact}`;
    if (tried.has(contact) || alone.has(order) || behind.has(order)) continue;
    // What the platform says of itself is a message of its own, which follows the one before it; what comes after follows it.
    if (message.kind === 'meta' && joined.has(order)) {
      behind.add(order);
      continue;
    }
    const leavesAlone = isExempt(message) && !joined.has(order);
    (leavesAlone ? alone : joined).add(order);
    const set = leavesAlone ? message.id : contact;
    sets.set(set, [...(sets.get(set) ?? []), message]);
  }
  return [...sets.values()];
}

function contactOf({ channel, target }: Message): string {
  return `${channel}/${target}`;
}

/** Contacts with news of a group that has not been told of lately come first. */
function inTurn(sets: Message[][], past: readonly Departure[], now: number): Message[][] {
  const served = new Set(
    past.filter(({ at }) => at > now - RECENT_MS).map(({ channel, groupKey }) => `${channel}:${groupKey}`),
  );
  const isBacklog = (messages: Message[]) =>
    messages.every(({ channel, groupKey }) => served.has(`${channel}:${groupKey}`)) ? 1 : 0;
  return sets.toSorted((a, b) => isBacklog(a) - isBacklog(b));
}

/** What the platform says of itself, and the end in an e-mail, which no telephone rings for, are never held up. */
function isExempt({ channel, kind }: Pick<Message, 'channel' | 'kind'>): boolean {
  return kind === 'meta' || (channel === 'email' && kind === 'resolved');
}

function freeAt(
  message: Message,
  past: readonly Departure[],
  now: number,
  { perContact, overall }: Limits,
): { until: number; why: string } {
  if (isExempt(message)) return { until: now, why: '' };
  const { channel, target } = message;
  const counted = past.filter((one) => one.channel === channel && !isExempt(one as Pick<Message, 'channel' | 'kind'>));
  const own = counted.filter((one) => one.target === target);
  const limits = (perContact[channel] ?? []).map((limit) => ({ limit, past: own, whose: 'this contact' }));
  const ofAll = overall[channel];
  if (ofAll) limits.push({ limit: ofAll, past: counted, whose: 'everybody' });
  let [until, why] = [now, ''];
  for (const { limit, past: counting, whose } of limits) {
    const free = freedAt(limit, counting);
    if (free <= until) continue;
    [until, why] = [free, `at most ${limit.count} in ${limit.perMs / 1_000} s to ${whose}`];
  }
  return { until, why };
}

/** When the limit allows one more. */
function freedAt({ count, perMs }: Limit, past: readonly Departure[]): number {
  const times = [...new Map(past.map(({ id, at }) => [id, at])).values()].sort((a, b) => b - a);
  const oldest = times[count - 1];
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + perMs;
}

/** What the timelines of the alerts say of a message that waits. */
export function throttledNotes({ message, until, why }: Picked['waiting'][number], now: number): TimelineEntry[] {
  const reason = `${contactOf(message)}: ${why}; it leaves in ${formatDuration(until - now)} with what comes until then`;
  return message.alerts.map(({ id }) => ({ alertId: id, at: now, kind: 'throttled', from: null, to: null, reason }));
}

/** A message as something that left. */
export function departureOf(message: Message): Departure {
  const { id, channel, target, kind, groupKey, bundle, sentAt, attemptedAt, createdAt } = message;
  return { id: bundle ?? id, channel, target, kind, groupKey, at: sentAt ?? attemptedAt ?? createdAt };
}
