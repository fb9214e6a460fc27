import type { OnCallCalendar, OnCallGap, OnCallNow, OnCallOverride, OnCallPerson, OnCallShift } from '@yumops/protocol';
import { namesOf } from './known.ts';
import { layerShifts } from './layer-shifts.ts';
import type { StoredOverride } from './overrides.ts';
import type { OnCallConfig } from './ports.ts';
import { targetsOf, withOverrides } from './resolve.ts';
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

/** Everybody who can be put on call, by name, and how each is reached. */
export function peopleOf(config: OnCallConfig): OnCallPerson[] {
  const reach = (name: string) => targetsOf(config.people.find((person) => person.name === name));
  return namesOf(config)
    .toSorted((a, b) => a.localeCompare(b))
    .map((name) => ({
      name,
      targets: reach(name).map(({ channel, target, broken }) => ({ channel, target, broken })),
    }));
}
