import { DAY_MS } from '../../lib/zoned-time.ts';
import { layerShifts } from './layer-shifts.ts';
import type { Schedule, Shift } from './schedule.ts';
import { intersect, joinTouching, overlay, type Span, uncovered } from './timeline.ts';

/**
 * Who is on call in `[from, to)`, milliseconds since the epoch: in order, without overlap, cut at both ends. Where
 * nobody is on call there is no shift.
 */
export function shifts(schedule: Schedule, from: number, to: number): Shift[] {
  const range = { start: from, end: to };
  const layers = schedule.layers.map((layer) => layerShifts(layer, schedule.timeZone, range));
  const overrides = schedule.overrides
    .filter(({ start, end }) => end > from && start < to)
    .map((override) => intersect([override], [range]));
  return joinTouching([...layers, ...overrides].reduce(overlay, []));
}

/** The times in `[from, to)` at which nobody is on call. */
export function gaps(schedule: Schedule, from: number, to: number): Span[] {
  return uncovered(shifts(schedule, from, to), from, to);
}

/** Who is on call at an instant; null when nobody is. */
export function onCallAt(schedule: Schedule, instant: number): string | null {
  return shifts(schedule, instant, instant + 1)[0]?.person ?? null;
}

/** A change of who is on call. */
export interface HandOff {
  at: number;
  /** Null when nobody is on call from then on. */
  to: string | null;
}

/** How far around an instant is looked for a change, in milliseconds: what does not change in so long never does. */
export const LOOK_AROUND_MS = 750 * DAY_MS;

/** Near changes are found by looking less far. */
const HORIZONS = [9 * DAY_MS, 70 * DAY_MS, LOOK_AROUND_MS];

/** The next change after an instant; null when none comes within two years. */
export function nextHandOff(schedule: Schedule, instant: number): HandOff | null {
  const current = onCallAt(schedule, instant);
  for (const horizon of HORIZONS) {
    const end = instant + horizon;
    const [first, second] = shifts(schedule, instant, end);
    const change = current === null ? first?.start : first?.end;
    if (change === undefined || change >= end) continue;
    if (current === null) return { at: change, to: first?.person ?? null };
    return { at: change, to: second?.start === change ? second.person : null };
  }
  return null;
}

/** What is so at one instant, and since and until when; null = for more than two years. */
export interface OnCallNow {
  person: string | null;
  since: number | null;
  until: number | null;
  /** Who follows; null when nobody does, or when nothing changes. */
  next: string | null;
}

/** Who is on call at an instant, since when, until when, and who follows. */
export function situationAt(schedule: Schedule, instant: number): OnCallNow {
  const person = onCallAt(schedule, instant);
  const change = nextHandOff(schedule, instant);
  return { person, since: beginningOf(schedule, instant, person), until: change?.at ?? null, next: change?.to ?? null };
}

function beginningOf(schedule: Schedule, instant: number, person: string | null): number | null {
  for (const horizon of HORIZONS) {
    const from = instant - horizon;
    const last = shifts(schedule, from, instant + 1).at(-1);
    const beginning = person === null ? last?.end : last?.start;
    if (beginning !== undefined && beginning > from) return beginning;
  }
  return null;
}
