import { formatDuration } from '../../lib/duration.ts';
import type { ConfigPath, Placed, Report } from '../../lib/finding.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { DAY_MS, formatWallTime, instantOf, offsetChanges, wallTimeAt } from '../../lib/zoned-time.ts';
import { layerShifts, windows } from './layer-shifts.ts';
import type { Layer, Person, Schedule } from './schedule.ts';
import { gaps } from './shifts.ts';
import type { Span } from './timeline.ts';

const HOUR_MS = 3_600_000;
/** Windows come again every week; two of them show every gap, also one over the end of a week. */
const GAP_SEARCH_MS = 14 * DAY_MS;
/** Both changes of a year, also where they move with another calendar. */
const CHANGE_SEARCH_MS = 400 * DAY_MS;
/** A change of the clocks spoils what begins or ends this near to it. */
const NEAR_MS = 3 * HOUR_MS;

/** The part of a policy that names schedules and people. */
export interface OnCallPolicy {
  name: string;
  schedule: string | null;
  people: readonly string[];
}

/** Reports E301, E303 and W301 for a schedule; paths count from the item. */
export function lintSchedule({ value: schedule, report }: Placed<Schedule>, people: readonly Person[]): void {
  const known = people.map(({ name }) => name);
  for (const [index, layer] of schedule.layers.entries()) {
    const at: ConfigPath = ['layers', index, 'people'];
    for (const [turn, name] of layer.people.entries()) lintName('person', name, known, [...at, turn], report);
    lintShortShifts(schedule.timeZone, layer, ['layers', index], report);
  }
  for (const [index, { person }] of schedule.overrides.entries()) {
    lintName('person', person, known, ['overrides', index, 'person'], report);
  }
  lintGaps(schedule, report);
}

/** Reports E303 for a schedule or a person that a policy names and that does not exist; paths count from the policy. */
export function lintPolicyNames(
  { value: policy, report }: Placed<OnCallPolicy>,
  { schedules, people }: { schedules: readonly { name: string }[]; people: readonly { name: string }[] },
): void {
  const names = (items: readonly { name: string }[]) => items.map(({ name }) => name);
  if (policy.schedule !== null) lintName('schedule', policy.schedule, names(schedules), ['schedule'], report);
  for (const [index, name] of policy.people.entries()) {
    lintName('person', name, names(people), ['people', index], report);
  }
}

function lintName(noun: string, name: string, known: readonly string[], path: ConfigPath, report: Report): void {
  if (known.includes(name)) return;
  const section = noun === 'person' ? 'people' : 'schedules';
  const suggestion = didYouMean(name, known) ?? `add it under ${section}`;
  report({ code: 'E303', path, message: `there is no ${noun} "${name}"`, suggestion });
}

/** E301: times without anybody, once all layers have begun. Less grave where a restriction says so itself. */
function lintGaps(schedule: Schedule, report: Report): void {
  const { name, layers, timeZone } = schedule;
  const staffed = layers.filter(({ people }) => people.length > 0);
  if (staffed.length === 0) {
    const path = layers.length === 0 ? ['layers'] : ['layers', 0, 'people'];
    const suggestion = 'name people who take turns';
    report({ code: 'E301', path, message: `nobody is ever on call in schedule "${name}"`, suggestion });
    return;
  }
  const begun = instantOf(Math.max(...staffed.map(({ start }) => start)), timeZone);
  const holes = gaps({ ...schedule, overrides: [] }, begun, begun + GAP_SEARCH_MS);
  const first = holes.find(({ start, end }) => start > begun && end < begun + GAP_SEARCH_MS) ?? holes[0];
  if (!first) return;
  report({
    code: 'E301',
    severity: 'warning',
    path: ['layers', layers.findIndex(({ restrict }) => restrict.length > 0), 'restrict'],
    message: `nobody is on call in schedule "${name}" from ${describe(first, timeZone)}, ${shareOf(holes)}`,
    suggestion: 'add a layer before this one that has no restrict',
  });
}

function describe({ start, end }: Span, zone: string): string {
  const day = (wall: number) => new Date(wall).toLocaleDateString('en-GB', { weekday: 'short', timeZone: 'UTC' });
  const text = (instant: number) => {
    const wall = wallTimeAt(instant, zone);
    return `${day(wall)} ${formatWallTime(wall).slice(11)}`;
  };
  return `${text(start)} to ${text(end)}`;
}

function shareOf(holes: readonly Span[]): string {
  const hours = holes.reduce((sum, { start, end }) => sum + end - start, 0) / HOUR_MS / 2;
  return `${Math.round(hours * 10) / 10} hours a week in all`;
}

/**
 * W301: a window, or a turn within one, that a change of the clocks makes shorter than an hour. Said once a layer.
 * Turns alone are never so short.
 */
function lintShortShifts(zone: string, layer: Layer, path: ConfigPath, report: Report): void {
  if (layer.restrict.length === 0) return;
  const begun = instantOf(layer.start, zone);
  for (const change of offsetChanges(zone, begun, begun + CHANGE_SEARCH_MS)) {
    const short = shortNear(zone, layer, change);
    if (!short) continue;
    const wall = formatWallTime(wallTimeAt(change, zone)).replace('T', ' ');
    const length = short.end > short.start ? `lasts ${formatDuration(short.end - short.start)}` : 'falls away';
    report({
      code: 'W301',
      path,
      message: `when the clocks change at ${wall} a shift ${length}`,
      suggestion: 'begin and end it at another time of day',
    });
    return;
  }
}

function shortNear(zone: string, layer: Layer, change: number): Span | undefined {
  const range = { start: change - DAY_MS, end: change + DAY_MS };
  const spans = [...layerShifts(layer, zone, range), ...windows(layer.restrict, zone, range)];
  const near = (instant: number) => Math.abs(instant - change) <= NEAR_MS;
  return spans.find(({ start, end }) => end - start < HOUR_MS && (near(start) || near(end)));
}
