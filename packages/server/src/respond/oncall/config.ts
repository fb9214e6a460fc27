import { z } from 'zod';
import { isEmail, phoneProblem } from '../../lib/contact.ts';
import { type ConfigPath, type Report, within } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { durationShape, readDuration, slug } from '../../lib/section.ts';
import { DAY_MS, instantOf, isTimeZone, parseWallTime, timeZones, type WallTime } from '../../lib/zoned-time.ts';
import { type PersonalRule, type PersonalRules, URGENCIES } from './personal-rules.ts';
import type { ContactChannel } from './resolve.ts';
import type { Contact, Layer, Person, Restriction, Rotation, Schedule, Shift } from './schedule.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

const ruleShape = z.strictObject({
  after: durationShape.describe('Time from the step that reaches them; 0 = at once'),
  by: z.enum(['sms', 'phone_call', 'phone', 'email', 'push']).describe('sms, phone_call, email, or push by ntfy'),
});

const rulesShape = z.strictObject({
  high: z.array(ruleShape).optional().describe('For critical alerts'),
  low: z.array(ruleShape).optional().describe('For all others'),
});

/** An item of `people:` as written. */
export const personShape = z.strictObject({
  name: z.string().min(1).describe('Name that schedules and policies refer to'),
  email: z.string().optional().describe('E-mail address'),
  phone: z.string().optional().describe('Phone number with country code, in quotes, for SMS and calls'),
  slack: z.string().optional().describe('Member id in Slack'),
  ntfy: z.string().optional().describe('Name of a topic under integrations.ntfy that is theirs alone, for push'),
  must_confirm: z
    .boolean()
    .optional()
    .describe('Nothing is sent to these addresses before their owner has confirmed them with a code'),
  rules: rulesShape.optional().describe('How they want to be told by steps that notify on_call'),
});

const everyShape = z.strictObject({
  weeks: z.int().positive().optional().describe('Weeks of the calendar'),
  days: z.int().positive().optional().describe('Days of the calendar: the hand-off keeps its time of day'),
  hours: z.int().positive().optional().describe('Elapsed hours, whatever daylight saving does'),
});

/** A window of local time on some days, as written. */
export const restrictionShape = z.strictObject({
  days: z.array(z.enum(DAYS)).min(1).optional().describe('Days on which the window begins, default all'),
  from: z.string().optional().describe('Local time, default "00:00"'),
  to: z.string().optional().describe('Local time, default "24:00"; not after from = on the next day'),
});

const layerShape = z.strictObject({
  people: z.array(z.string()).describe('Names in the order of their turns'),
  start: z.string().describe('Local time at which the first turn begins, e.g. 2026-03-22T09:00'),
  every: everyShape.optional().describe('Length of a turn, default {weeks: 1}'),
  restrict: z.array(restrictionShape).optional().describe('The layer counts in these windows alone'),
});

const overrideShape = z.strictObject({
  from: z.string().describe('Local time at which it begins'),
  to: z.string().describe('Local time at which it ends'),
  person: z.string().describe('Who is on call instead'),
});

/** An item of `schedules:` as written. */
export const scheduleShape = z.strictObject({
  name: z.string().min(1).describe('Name that policies refer to'),
  time_zone: z.string().optional().describe('Zone of its local times, e.g. Europe/London, default UTC'),
  layers: z.array(layerShape).describe('People who take turns; where layers overlap the later one counts'),
  overrides: z.array(overrideShape).optional().describe('Who stands in when; these count over all layers'),
});

export type RawPerson = z.infer<typeof personShape>;
export type RawSchedule = z.infer<typeof scheduleShape>;
type RawLayer = z.infer<typeof layerShape>;
type RawRestriction = z.infer<typeof restrictionShape>;

/** Compiles a person; paths count from the item. Reports E206 and I301. */
export function compilePerson(raw: RawPerson, report: Report): Person {
  const contact = (key: 'email' | 'phone', problem: (text: string) => string | undefined, hint: string) => {
    const address = raw[key];
    if (address === undefined) return null;
    const broken = problem(address) ?? null;
    if (broken !== null)
      report({ code: 'E206', path: [key], message: broken, suggestion: `write for example ${hint}` });
    return { address, broken } satisfies Contact;
  };
  if (raw.must_confirm) {
    const message = `nothing is sent to "${raw.name}" before the addresses are confirmed`;
    report({ code: 'I301', path: ['must_confirm'], message, suggestion: 'see `yumops contact list` for which are' });
  }
  return {
    name: raw.name,
    email: contact('email', emailProblem, 'ops@example.com'),
    phone: contact('phone', phoneProblem, '"+442071838750"'),
    slack: raw.slack ?? null,
    ntfy: raw.ntfy ?? null,
    mustConfirm: raw.must_confirm ?? false,
    rules: compileRules(raw.rules ?? {}, within(report, 'rules')),
  };
}

/** A channel as people write it in a rule. */
const CHANNELS_WRITTEN: Readonly<Record<z.infer<typeof ruleShape>['by'], ContactChannel>> = {
  sms: 'sms',
  phone_call: 'phone_call',
  phone: 'phone_call',
  email: 'email',
  push: 'ntfy',
};

function compileRules(raw: z.infer<typeof rulesShape>, report: Report): Partial<PersonalRules> {
  return Object.fromEntries(
    URGENCIES.flatMap((urgency) => {
      const written = raw[urgency];
      if (!written) return [];
      if (written.length === 0) {
        const message = 'a person without a single rule is never told';
        report({ code: 'E205', path: [urgency], message, suggestion: 'add a rule, or leave the key out' });
      }
      const rules = written.map(({ after, by }, index): PersonalRule => {
        const afterMs = readDuration(after, [urgency, index, 'after'], report) ?? 0;
        return { afterMs, channel: CHANNELS_WRITTEN[by] };
      });
      return [[urgency, rules.sort((a, b) => a.afterMs - b.afterMs)]];
    }),
  );
}

function emailProblem(text: string): string | undefined {
  return isEmail(text) ? undefined : `"${text}" is not an e-mail address`;
}

/** Compiles a schedule; paths count from the item. Reports E103, E109 and E302. */
export function compileSchedule(raw: RawSchedule, report: Report): Schedule {
  const timeZone = compileZone(raw.time_zone ?? 'UTC', within(report, 'time_zone'));
  return {
    id: slug(raw.name),
    name: raw.name,
    timeZone,
    layers: raw.layers.map((layer, index) => compileLayer(layer, within(report, 'layers', index))),
    overrides: (raw.overrides ?? []).flatMap((override, index) => {
      const at = within(report, 'overrides', index);
      const start = instantOf(readLocal(override.from, ['from'], at), timeZone);
      const end = instantOf(readLocal(override.to, ['to'], at), timeZone);
      if (end <= start) {
        const message = `the override ends at ${override.to}, not after it begins`;
        at({ code: 'E103', path: ['to'], message, suggestion: `write a time after ${override.from}` });
      }
      return [{ person: override.person, start, end } satisfies Shift];
    }),
  };
}

/** The name of a zone; reports E302 for one that there is not. */
export function compileZone(name: string, report: Report): string {
  if (isTimeZone(name)) return name;
  const suggestion = didYouMean(name, timeZones()) ?? 'write a name such as Europe/London';
  report({ code: 'E302', path: [], message: `there is no time zone "${name}"`, suggestion });
  return 'UTC';
}

/** A local time such as `2026-03-22T09:00`; reports E103. */
export function readLocal(text: string, path: ConfigPath, report: Report): WallTime {
  const wall = parseWallTime(text);
  if (wall !== undefined) return wall;
  const suggestion = 'write for example 2026-03-22T09:00';
  report({ code: 'E103', path, message: `"${text}" is not a local time`, suggestion });
  return 0;
}

function compileLayer(raw: RawLayer, report: Report): Layer {
  return {
    people: raw.people,
    start: readLocal(raw.start, ['start'], report),
    every: compileRotation(raw.every ?? { weeks: 1 }, within(report, 'every')),
    restrict: (raw.restrict ?? []).map((item, index) => compileRestriction(item, within(report, 'restrict', index))),
  };
}

function compileRotation(raw: z.infer<typeof everyShape>, report: Report): Rotation {
  const { weeks, days, hours } = raw;
  const keys = Object.keys(raw);
  if (keys.length !== 1) {
    const found = keys.length === 0 ? 'none' : keys.join(' and ');
    const message = `a turn is a number of weeks, days or hours, found ${found}`;
    report({ code: 'E109', path: [], message, suggestion: 'write for example {weeks: 1}' });
  }
  if (hours !== undefined) return { unit: 'hours', length: hours };
  return { unit: 'days', length: days ?? (weeks ?? 1) * 7 };
}

/** Compiles a window of local time; paths count from it. */
export function compileRestriction(raw: RawRestriction, report: Report): Restriction {
  return {
    days: raw.days?.map((day) => DAYS.indexOf(day)) ?? EVERY_DAY,
    from: readTimeOfDay(raw.from ?? '00:00', ['from'], report, DAY_MS - 1),
    to: readTimeOfDay(raw.to ?? '24:00', ['to'], report, DAY_MS),
  };
}

/** Milliseconds from midnight. */
function readTimeOfDay(text: string, path: ConfigPath, report: Report, most: number): number {
  const [, hours = Number.NaN, minutes = Number.NaN] = (/^(\d\d):(\d\d)$/.exec(text) ?? []).map(Number);
  const time = hours * 3_600_000 + minutes * 60_000;
  if (minutes < 60 && time <= most) return time;
  const suggestion = 'write for example "09:00"';
  report({ code: 'E103', path, message: `"${text}" is not a time of day`, suggestion });
  return 0;
}
