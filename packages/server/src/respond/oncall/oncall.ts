import type { OnCallCalendar, OnCallNow, OnCallOverride, OnCallPerson } from '@yumops/protocol';
import type { Db } from '../../lib/db.ts';
import { addOverride } from './add-override.ts';
import { calendarFile, calendarRange } from './calendar-file.ts';
import { createFeed } from './create-feed.ts';
import { type Feed, listFeeds, scheduleOfFeed } from './feeds.ts';
import { knownSchedule } from './known.ts';
import { readOverrides } from './overrides.ts';
import type { Audit, Change, OnCallConfig, Secrets } from './ports.ts';
import { calendarOf, overrideItem, peopleOf, situationsOf } from './read.ts';
import { removeFeed } from './remove-feed.ts';
import { removeOverride } from './remove-override.ts';
import { type OnCallAnswer, resolveOnCall, withOverrides } from './resolve.ts';
import type { Schedule, Shift } from './schedule.ts';
import { LOOK_AROUND_MS } from './shifts.ts';
import { type Swap, swapShifts } from './swap-shifts.ts';

export interface OnCallOptions {
  db: Db;
  /** The configuration in use at the moment of the call. */
  config(): OnCallConfig;
  audit: Audit;
  secrets: Secrets;
}

/** Who is on call, from the configuration and what was changed since. Times are milliseconds since the epoch. */
export interface OnCall {
  /** Every schedule at an instant. */
  at(instant: number): Promise<OnCallNow>;
  /** Every schedule, or the one named, over `[from, to)`. */
  calendar(from: number, to: number, schedule?: string): Promise<OnCallCalendar>;
  /** Everybody who can be put on call. */
  people(): OnCallPerson[];
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

/** Makes the desk where on-call questions are answered and changes are made. */
export function createOnCall(options: OnCallOptions): OnCall {
  const { db, audit, secrets } = options;
  const change = () => ({ db, audit, secrets, config: options.config() });
  const overridden = async (schedules: readonly Schedule[], from: number, to: number): Promise<Schedule[]> => {
    const stored = await readOverrides(db, from, to);
    return schedules.map((schedule) => withOverrides(schedule, stored));
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
    people: () => peopleOf(options.config()),
    async resolve(policy, now) {
      const overrides = policy.schedule === null ? [] : await readOverrides(db, now, now + 1);
      return resolveOnCall(policy, now, { ...options.config(), overrides });
    },
    async resolver(now) {
      const { schedules, people } = options.config();
      const overrides = schedules.length === 0 ? [] : await readOverrides(db, now, now + 1);
      return (policy) => resolveOnCall(policy, now, { schedules, people, overrides });
    },
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
