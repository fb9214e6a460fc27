import { NO_CONTACTS, type StoredContacts } from './contacts.ts';
import { type PersonalRules, rulesFor } from './personal-rules.ts';
import type { Contact, Person, Schedule, Shift } from './schedule.ts';
import { onCallAt } from './shifts.ts';

/** The channels on which a person is reached. */
export type ContactChannel = 'sms' | 'phone_call' | 'email' | 'ntfy';

/** One way to reach somebody who is on call. */
export interface ContactTarget {
  channel: ContactChannel;
  /** A phone number, an e-mail address, or the name of a topic of ntfy. */
  target: string;
  /** Why nothing can be sent there; null when it works. */
  broken: string | null;
  person: string;
}

/** Who an escalation reaches at an instant. */
export interface OnCallAnswer {
  people: readonly string[];
  targets: readonly ContactTarget[];
  /** Their ids in Slack. */
  slack?: readonly string[];
  /** How each of them wants to be told, by name. */
  rules?: Readonly<Record<string, PersonalRules>>;
  /** Why nobody is on call although the policy says that somebody is; null when somebody is. */
  problem: string | null;
}

/** Schedules and people as configured, and the overrides made since. */
export interface OnCallPlan {
  schedules: readonly Schedule[];
  people: readonly Person[];
  /** In the order in which they were made. */
  overrides: readonly (Shift & { schedule: string })[];
  /** What people have said themselves; left out = nothing. */
  contacts?: StoredContacts;
}

/** A schedule with the overrides that were made at run time; those lie over the configured ones. */
export function withOverrides(schedule: Schedule, overrides: OnCallPlan['overrides']): Schedule {
  const own = overrides.filter((override) => override.schedule === schedule.name);
  return own.length === 0 ? schedule : { ...schedule, overrides: [...schedule.overrides, ...own] };
}

/**
 * Who is on call for a policy, and how each of them is reached. A policy without schedule and people has nobody, and
 * no problem either: its messages go to the numbers of `alert_settings`.
 * @param now milliseconds since the epoch
 */
export function resolveOnCall(
  policy: { schedule: string | null; people: readonly string[] },
  now: number,
  plan: OnCallPlan,
): OnCallAnswer {
  const schedule = plan.schedules.find(({ name }) => name === policy.schedule);
  const turn = schedule ? onCallAt(withOverrides(schedule, plan.overrides), now) : null;
  const people = [...new Set([...policy.people, ...(turn === null ? [] : [turn])])];
  const known = people.flatMap((name) => plan.people.find((person) => person.name === name) ?? []);
  const slack = known.flatMap((person) => person.slack ?? []);
  const reach = known.map((person) => ({ person, targets: targetsOf(person, plan.contacts) }));
  return {
    people,
    targets: reach.flatMap(({ targets }) => targets),
    slack,
    rules: Object.fromEntries(
      reach.map(({ person, targets }) => [person.name, rulesFor(ownRules(person, plan.contacts), targets)]),
    ),
    problem: people.length > 0 ? null : whyNobody(policy.schedule, schedule !== undefined),
  };
}

function whyNobody(schedule: string | null, exists: boolean): string | null {
  if (schedule === null) return null;
  return exists ? `nobody is on call in schedule "${schedule}"` : `there is no schedule "${schedule}"`;
}

/** Why nothing is sent to an address that its owner has not confirmed. */
export const UNCONFIRMED = 'its owner has not confirmed it';

/**
 * Every way to reach a person, none when the person is not known. An address that is not confirmed is named only where no
 * other of its channel works, so that what would go there is known to be undeliverable.
 */
export function targetsOf(person: Person | undefined, contacts: StoredContacts = NO_CONTACTS): ContactTarget[] {
  if (!person) return [];
  const all = methodsOf(person, contacts).map(({ channel, address, confirmed, broken }): ContactTarget => {
    return { channel, target: address, broken: broken ?? (confirmed ? null : UNCONFIRMED), person: person.name };
  });
  return all.filter(
    ({ channel, broken }) =>
      broken !== UNCONFIRMED || !all.some((other) => other.channel === channel && other.broken === null),
  );
}

/** One address of a person on one channel. */
export interface Method {
  /** Null where the configuration has it and nobody has confirmed it. */
  id: string | null;
  channel: ContactChannel;
  address: string;
  confirmed: boolean;
  /** Why nothing can be sent there; null when it works. */
  broken: string | null;
  fromConfiguration: boolean;
}

/** The addresses of a person: those of the configuration, then those that the person has added. */
export function methodsOf(person: Person, { methods }: StoredContacts): Method[] {
  const own = methods.filter((method) => method.person === person.name);
  // Whoever reads the messages of a number answers its calls.
  const isConfirmed = (address: string) => own.some((one) => one.address === address && one.confirmedAt !== null);
  const written = writtenContacts(person).map(([channel, contact]): Method => {
    const row = own.find((one) => one.channel === channel && one.address === contact.address);
    const confirmed = person.mustConfirm !== true || isConfirmed(contact.address);
    const { address, broken } = contact;
    return { id: row?.id ?? null, channel, address, confirmed, broken, fromConfiguration: true };
  });
  const added = own
    .filter(({ channel, address }) => !written.some((one) => one.channel === channel && one.address === address))
    .map(({ id, channel, address }): Method => {
      return { id, channel, address, confirmed: isConfirmed(address), broken: null, fromConfiguration: false };
    });
  return [...written, ...added];
}

function writtenContacts({ phone, email, ntfy = null }: Person): [ContactChannel, Contact][] {
  const contacts: [ContactChannel, Contact | null][] = [
    ['sms', phone],
    ['phone_call', phone],
    ['email', email],
    ['ntfy', ntfy === null ? null : { address: ntfy, broken: null }],
  ];
  return contacts.flatMap(([channel, contact]) => (contact === null ? [] : [[channel, contact]]));
}

/** The rules of a person: those of the configuration win over those that the person has set. */
export function ownRules(person: Person, { rules }: StoredContacts = NO_CONTACTS): Partial<PersonalRules> {
  return { ...rules[person.name], ...person.rules };
}

/** Everybody whom a policy can ever reach, by name; people who do not exist are left out. */
export function everybodyOf(
  policy: { schedule: string | null; people: readonly string[] },
  { schedules, people }: Pick<OnCallPlan, 'schedules' | 'people'>,
): Person[] {
  const schedule = schedules.find(({ name }) => name === policy.schedule);
  const turns = schedule?.layers.flatMap((layer) => layer.people) ?? [];
  const standIns = schedule?.overrides.map(({ person }) => person) ?? [];
  const names = new Set([...policy.people, ...turns, ...standIns]);
  return people.filter(({ name }) => names.has(name));
}
