import type {
  ContactMethod,
  ContactRules,
  OnCallCalendar,
  OnCallGap,
  OnCallNow,
  OnCallOverride,
  OnCallPerson,
  OnCallShift,
} from '@yumops/protocol';
import type { StoredContacts, StoredMethod } from './contacts.ts';
import { namesOf } from './known.ts';
import { layerShifts } from './layer-shifts.ts';
import type { StoredOverride } from './overrides.ts';
import { isAccountOf } from './owner.ts';
import { type PersonalRule, rulesFor, type Urgency } from './personal-rules.ts';
import type { OnCallConfig } from './ports.ts';
import { type ContactChannel, methodsOf, ownRules, targetsOf, withOverrides } from './resolve.ts';
import type { Schedule, Shift } from './schedule.ts';
import { gaps, shifts, situationAt } from './shifts.ts';

const iso = (instant: number) => new Date(instant).toISOString();
const isoOrNull = (instant: number | null) => (instant === null ? null : iso(instant));

function item(schedule: Schedule, { person, start, end }: Shift): OnCallShift {
  return { schedule: schedule.name, person, start: iso(start), end: iso(end) };
}

/** A stored override as the API shows it. */
export function overrideItem({ id, schedule, person, start, end, swap, createdBy }: StoredOverride): OnCallOverride {
  return { id, schedule, person, start: iso(start), end: iso(end), swap, createdBy };
}

/** Shifts of several schedules in `[from, to)`, in order of their beginning. */
export function shiftItems(schedules: readonly Schedule[], from: number, to: number): OnCallShift[] {
  const items = schedules.flatMap((schedule) => shifts(schedule, from, to).map((shift) => item(schedule, shift)));
  return items.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

/** The times in `[from, to)` at which a schedule has nobody. */
export function gapItems(schedules: readonly Schedule[], from: number, to: number): OnCallGap[] {
  return schedules.flatMap((schedule) =>
    gaps(schedule, from, to).map(({ start, end }) => ({ schedule: schedule.name, start: iso(start), end: iso(end) })),
  );
}

/** Every schedule at one instant. */
export function situationsOf(schedules: readonly Schedule[], instant: number): OnCallNow {
  const items = schedules.map((schedule) => {
    const { person, since, until, next } = situationAt(schedule, instant);
    const { name, id, timeZone } = schedule;
    return { schedule: name, scheduleId: id, timeZone, person, since: isoOrNull(since), until: isoOrNull(until), next };
  });
  return { at: iso(instant), items };
}

/**
 * Schedules over `[from, to)`: what holds in the end, its gaps, and what it is made of.
 * @param stored overrides made at run time that touch the range
 */
export function calendarOf(
  schedules: readonly Schedule[],
  stored: readonly StoredOverride[],
  from: number,
  to: number,
): OnCallCalendar {
  const whole = schedules.map((schedule) => withOverrides(schedule, stored));
  const range = { start: from, end: to };
  const layers = schedules.flatMap((schedule) =>
    schedule.layers.flatMap((layer, index) =>
      layerShifts(layer, schedule.timeZone, range).map((shift) => ({ ...item(schedule, shift), layer: index })),
    ),
  );
  const written = schedules.flatMap((schedule) =>
    schedule.overrides
      .filter(({ start, end }) => end > from && start < to)
      .map((override) => ({ ...item(schedule, override), id: null, swap: null, createdBy: null })),
  );
  const names = schedules.map(({ name }) => name);
  const made = stored.filter(({ schedule }) => names.includes(schedule)).map(overrideItem);
  return {
    from: iso(from),
    to: iso(to),
    shifts: shiftItems(whole, from, to),
    gaps: gapItems(whole, from, to),
    layers,
    overrides: [...written, ...made],
  };
}

/** Everybody who can be put on call, by name, and how each is reached. @param viewer e-mail address of an account */
export function peopleOf(config: OnCallConfig, contacts: StoredContacts, viewer: string): OnCallPerson[] {
  return namesOf(config)
    .toSorted((a, b) => a.localeCompare(b))
    .map((name): OnCallPerson => {
      const person = config.people.find((one) => one.name === name);
      const targets = targetsOf(person, contacts);
      const own = person ? ownRules(person, contacts) : {};
      const rules = rulesFor(own, targets);
      const items = (urgency: Urgency): ContactRules => ({
        from: person?.rules?.[urgency] ? 'configuration' : own[urgency] ? 'own' : 'default',
        items: rules[urgency].map(ruleItem),
      });
      return {
        name,
        mine: person !== undefined && isAccountOf(person, viewer),
        targets: targets.map(({ channel, target, broken }) => ({ channel, target, broken })),
        methods: person ? methodsOf(person, contacts).map((method) => ({ ...method, person: name })) : [],
        rules: { high: items('high'), low: items('low') },
      };
    });
}

function ruleItem({ afterMs, channel }: PersonalRule): { after: number; channel: ContactChannel } {
  return { after: afterMs / 1_000, channel };
}

/** A stored method as the API shows it. */
export function methodItem({ people }: OnCallConfig, stored: StoredMethod): ContactMethod {
  const { id, person: name, channel, address, confirmedAt } = stored;
  const person = people.find((one) => one.name === name);
  const known = person && methodsOf(person, { methods: [stored], rules: {} }).find((one) => one.id === id);
  return known
    ? { ...known, person: name }
    : {
        ...{ id, person: name, channel, address, broken: null },
        ...{ confirmed: confirmedAt !== null, fromConfiguration: false },
      };
}
