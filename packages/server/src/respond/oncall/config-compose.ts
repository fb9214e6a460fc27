import type { ConfigPath, Placed } from '../../lib/finding.ts';
import { compilePerson, compileSchedule, type RawPerson, type RawSchedule } from './config.ts';
import { lintPolicyNames, lintSchedule, type OnCallPolicy } from './config-lint.ts';
import { everybodyOf, targetsOf } from './resolve.ts';
import type { Person, Schedule } from './schedule.ts';

/** `people` and `schedules`, compiled, each with its place. */
export interface PlacedOnCall {
  people: readonly Placed<Person>[];
  schedules: readonly Placed<Schedule>[];
}

/** A policy, where it stands, and where its steps first name each channel. */
export interface PolicyOnCall extends Placed<OnCallPolicy> {
  mentions: ReadonlyMap<string, ConfigPath>;
}

/** Channels that go to whoever is on call. */
const ON_CALL_CHANNELS = ['sms', 'phone_call'] as const;

/** Compiles both sections and reports what is wrong with each item alone. */
export function compileOnCall(raw: {
  people: readonly Placed<RawPerson>[];
  schedules: readonly Placed<RawSchedule>[];
}): PlacedOnCall {
  return {
    people: raw.people.map(({ value, report }) => ({ value: compilePerson(value, report), report })),
    schedules: raw.schedules.map(({ value, report }) => ({ value: compileSchedule(value, report), report })),
  };
}

/** Reports what schedules, people and policies lack of one another: E301, E303, W301, W302. */
export function lintOnCall(placed: PlacedOnCall, policies: readonly PolicyOnCall[]): void {
  const { people, schedules } = valuesOf(placed);
  for (const schedule of placed.schedules) lintSchedule(schedule, people);
  for (const policy of policies) {
    lintPolicyNames(policy, { people, schedules });
    lintPhones(policy, everybodyOf(policy.value, { people, schedules }));
  }
}

/** Whether anybody who can be on call for the policy is reached on the channel. */
export function reachesOnCall(placed: PlacedOnCall, policy: OnCallPolicy, channel: string): boolean {
  if (!ON_CALL_CHANNELS.some((one) => one === channel)) return false;
  return everybodyOf(policy, valuesOf(placed)).some((person) =>
    targetsOf(person).some((target) => target.channel === channel),
  );
}

function valuesOf({ people, schedules }: PlacedOnCall): { people: Person[]; schedules: Schedule[] } {
  return { people: people.map(({ value }) => value), schedules: schedules.map(({ value }) => value) };
}

/** W302: people without a number whom a step would call. */
function lintPhones({ value: policy, mentions, report }: PolicyOnCall, everybody: readonly Person[]): void {
  const path = ON_CALL_CHANNELS.map((channel) => mentions.get(channel)).find((place) => place !== undefined);
  if (!path) return;
  for (const { name } of everybody.filter(({ phone }) => phone === null)) {
    const message = `SMS and calls of policy "${policy.name}" do not reach "${name}", who has no phone number`;
    report({ code: 'W302', path, message, suggestion: `add phone: to "${name}" under people` });
  }
}
