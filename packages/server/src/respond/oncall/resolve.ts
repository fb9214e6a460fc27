import type { Person, Schedule, Shift } from './schedule.ts';
import { onCallAt } from './shifts.ts';

/** The channels on which a person is reached. */
export type ContactChannel = 'sms' | 'phone_call' | 'email';

/** One way to reach somebody who is on call. */
export interface ContactTarget {
  channel: ContactChannel;
  /** A phone number or an e-mail address. */
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
  /** Why nobody is on call although the policy says that somebody is; null when somebody is. */
  problem: string | null;
}

/** Schedules and people as configured, and the overrides made since. */
export interface OnCallPlan {
  schedules: readonly Schedule[];
  people: readonly Person[];
  /** In the order in which they were made. */
  overrides: readonly (Shift & { schedule: string })[];
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
  return {
    people,
    targets: known.flatMap(targetsOf),
    slack,
    problem: people.length > 0 ? null : whyNobody(policy.schedule, schedule !== undefined),
  };
}

function whyNobody(schedule: string | null, exists: boolean): string | null {
  if (schedule === null) return null;
  return exists ? `nobody is on call in schedule "${schedule}"` : `there is no schedule "${schedule}"`;
}

/** Every way to reach a person, none when the person is not known. */
export function targetsOf(person: Person | undefined): ContactTarget[] {
  if (!person) return [];
  const { name, phone, email } = person;
  const target = (channel: ContactChannel, contact: Person['phone']): ContactTarget[] =>
    contact ? [{ channel, target: contact.address, broken: contact.broken, person: name }] : [];
  return [...target('sms', phone), ...target('phone_call', phone), ...target('email', email)];
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
