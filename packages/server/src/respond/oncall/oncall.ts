import type { ContactMethod, OnCallCalendar, OnCallNow, OnCallOverride, OnCallPerson } from '@yumops/protocol';
import type { Db } from '../../lib/db.ts';
import { addMethod, type NewMethod } from './add-method.ts';
import { addOverride } from './add-override.ts';
import { calendarFile, calendarRange } from './calendar-file.ts';
import { confirmMethod, removeMethod, sendMethodCode } from './confirm-method.ts';
import { NO_CONTACTS, readContacts, type StoredMethod } from './contacts.ts';
import { createFeed } from './create-feed.ts';
import { type Feed, listFeeds, scheduleOfFeed } from './feeds.ts';
import { knownSchedule } from './known.ts';
import { readOverrides } from './overrides.ts';
import type { PersonalRule } from './personal-rules.ts';
import type { Audit, Change, CodeReport, ContactChange, OnCallConfig, Secrets, SendCode, SendTest } from './ports.ts';
import { calendarOf, methodItem, overrideItem, peopleOf, situationsOf } from './read.ts';
import { removeFeed } from './remove-feed.ts';
import { removeOverride } from './remove-override.ts';
import { type OnCallAnswer, resolveOnCall, withOverrides } from './resolve.ts';
import type { Schedule, Shift } from './schedule.ts';
import { setRules } from './set-rules.ts';
import { LOOK_AROUND_MS } from './shifts.ts';
import { type Swap, swapShifts } from './swap-shifts.ts';
import { type Reached, testMethod } from './test-method.ts';

export interface OnCallOptions {
  db: Db;
  /** The configuration in use at the moment of the call. */
  config(): OnCallConfig;
  audit: Audit;
  secrets: Secrets;
  sendCode: SendCode;
  sendTest: SendTest;
}

/** Who is on call, from the configuration and what was changed since. Times are milliseconds since the epoch. */
export interface OnCall {
  /** Every schedule at an instant. */
  at(instant: number): Promise<OnCallNow>;
  /** Every schedule, or the one named, over `[from, to)`. */
  calendar(from: number, to: number, schedule?: string): Promise<OnCallCalendar>;
  /** Everybody who can be put on call. @param viewer whose own entry is marked: the e-mail address of an account */
  people(viewer: string): Promise<OnCallPerson[]>;
  addMethod(input: NewMethod, change: ContactChange): Promise<ContactMethod>;
  sendCode(methodId: string, change: ContactChange): Promise<CodeReport>;
  confirmMethod(methodId: string, code: string, change: ContactChange): Promise<ContactMethod>;
  removeMethod(methodId: string, change: ContactChange): Promise<void>;
  /** Sends a test message, the way an alert would go. */
  testMethod(reached: Reached, change: ContactChange): Promise<CodeReport>;
  setRules(person: string, rules: NewRules, change: ContactChange): Promise<void>;
  /** Who is on call for a policy, and how each is reached. */
  resolve(policy: { schedule: string | null; people: readonly string[] }, now: number): Promise<OnCallAnswer>;
  /** The same for any number of policies at one instant; what was changed at run time is read once. */
  resolver(now: number): Promise<(policy: { schedule: string | null; people: readonly string[] }) => OnCallAnswer>;
  overrides(from: number, to: number): Promise<OnCallOverride[]>;
  addOverride(input: Shift & { schedule: string }, change: Change): Promise<OnCallOverride>;
  removeOverride(id: string, change: Change): Promise<void>;
  swap(input: Swap, change: Change): Promise<OnCallOverride[]>;
  feeds(): Promise<Feed[]>;
  createFeed(schedule: string, change: Change): Promise<Feed & { scheduleId: string; secret: string }>;
  removeFeed(id: string, change: Change): Promise<void>;
  /** The calendar file that a link opens; undefined when the secret does not open this schedule. */
  feedFile(scheduleId: string, secret: string, now: number): Promise<string | undefined>;
}

/** How somebody wants to be told; an urgency that is left out has the default. */
export interface NewRules {
  high?: readonly PersonalRule[] | undefined;
  low?: readonly PersonalRule[] | undefined;
}

/** Makes the desk where on-call questions are answered and changes are made. */
export function createOnCall(options: OnCallOptions): OnCall {
  const { db, audit, secrets, sendCode, sendTest } = options;
  const change = () => ({ db, audit, secrets, sendCode, sendTest, config: options.config() });
  const shown = (method: StoredMethod) => methodItem(options.config(), method);
  const overridden = async (schedules: readonly Schedule[], from: number, to: number): Promise<Schedule[]> => {
    const stored = await readOverrides(db, from, to);
    return schedules.map((schedule) => withOverrides(schedule, stored));
  };
  const resolver = async (now: number) => {
    const { schedules, people } = options.config();
    const [overrides, contacts] = await Promise.all([
      schedules.length === 0 ? [] : readOverrides(db, now, now + 1),
      people.length === 0 ? NO_CONTACTS : readContacts(db),
    ]);
    return (policy: { schedule: string | null; people: readonly string[] }) =>
      resolveOnCall(policy, now, { schedules, people, overrides, contacts });
  };
  return {
    async at(instant) {
      const range = [instant - LOOK_AROUND_MS, instant + LOOK_AROUND_MS] as const;
      return situationsOf(await overridden(options.config().schedules, ...range), instant);
    },
    async calendar(from, to, name) {
      const config = options.config();
      const schedules = name === undefined ? config.schedules : [knownSchedule(config, name)];
      return calendarOf(schedules, await readOverrides(db, from, to), from, to);
    },
    people: async (viewer) => peopleOf(options.config(), await readContacts(db), viewer),
    addMethod: async (input, by) => shown(await addMethod(change(), input, by)),
    sendCode: (id, by) => sendMethodCode(change(), id, by),
    confirmMethod: async (id, code, by) => shown(await confirmMethod(change(), id, code, by)),
    removeMethod: (id, by) => removeMethod(change(), id, by),
    testMethod: (reached, by) => testMethod(change(), reached, by),
    setRules: (person, rules, by) => setRules(change(), person, rules, by),
    resolve: async (policy, now) => (await resolver(now))(policy),
    resolver,
    overrides: async (from, to) => (await readOverrides(db, from, to)).map(overrideItem),
    addOverride: async (input, by) => overrideItem(await addOverride(change(), input, by)),
    async removeOverride(id, by) {
      await removeOverride(change(), id, by);
    },
    swap: async (input, by) => (await swapShifts(change(), input, by)).map(overrideItem),
    feeds: () => listFeeds(db),
    createFeed: (schedule, by) => createFeed(change(), schedule, by),
    removeFeed: (id, by) => removeFeed(change(), id, by),
    async feedFile(scheduleId, secret, now) {
      const name = await scheduleOfFeed(db, secret, secrets);
      const schedule = options.config().schedules.find((one) => one.name === name && one.id === scheduleId);
      if (!schedule) return undefined;
      const { from, to } = calendarRange(now);
      const [whole] = await overridden([schedule], from, to);
      return calendarFile(whole ?? schedule, now);
    },
  };
}
