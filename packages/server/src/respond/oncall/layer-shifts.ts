import { DAY_MS, instantOf, wallTimeAt } from '../../lib/zoned-time.ts';
import type { Layer, Restriction, Shift } from './schedule.ts';
import { intersect, type Span, unite } from './timeline.ts';

const HOUR_MS = 3_600_000;

/** The time of the hand-off to the layer's turn number `turn`, counted from 0. */
function handOff({ start, every }: Layer, zone: string, turn: number): number {
  if (every.unit === 'hours') return instantOf(start, zone) + turn * every.length * HOUR_MS;
  return instantOf(start + turn * every.length * DAY_MS, zone);
}

/**
 * A turn that has begun at an instant, negative before the layer's start: the one under way, or, in the hour after
 * clocks went back, perhaps the one before it.
 */
function begunTurn({ start, every }: Layer, zone: string, instant: number): number {
  if (every.unit === 'hours') return Math.floor((instant - instantOf(start, zone)) / (every.length * HOUR_MS));
  return Math.floor((wallTimeAt(instant, zone) - start) / (every.length * DAY_MS));
}

/** Turns that overlap `[from, to)`, whole; the first may end where the range begins. */
function turns(layer: Layer, zone: string, { start: from, end: to }: Span): Shift[] {
  const found: Shift[] = [];
  if (layer.people.length === 0) return found;
  let turn = Math.max(0, begunTurn(layer, zone, from));
  let start = handOff(layer, zone, turn);
  while (start < to) {
    const end = handOff(layer, zone, turn + 1);
    const person = layer.people[turn % layer.people.length] as string;
    if (end > start) found.push({ person, start, end });
    start = end;
    turn++;
  }
  return found;
}

/** The window of a restriction that begins on the calendar day that begins at `midnight` on the wall clock. */
function windowOn(midnight: number, { from, to }: Restriction, zone: string): Span {
  const last = to > from ? to : to + DAY_MS;
  return { start: instantOf(midnight + from, zone), end: instantOf(midnight + last, zone) };
}

/** The windows of restrictions that overlap `[from, to)`, each as it was written. */
export function windows(restrict: readonly Restriction[], zone: string, { start: from, end: to }: Span): Span[] {
  const found: Span[] = [];
  const first = Math.floor(wallTimeAt(from, zone) / DAY_MS) * DAY_MS - DAY_MS;
  const last = wallTimeAt(to, zone);
  for (let midnight = first; midnight <= last; midnight += DAY_MS) {
    const weekday = new Date(midnight).getUTCDay();
    for (const restriction of restrict) {
      if (!restriction.days.includes(weekday)) continue;
      const window = windowOn(midnight, restriction, zone);
      if (window.end >= from && window.start < to) found.push(window);
    }
  }
  return found;
}

/** Who of one layer is on call in `[range.start, range.end)`: in order, without overlap, cut at the range. */
export function layerShifts(layer: Layer, zone: string, range: Span): Shift[] {
  const inRange = intersect(turns(layer, zone, range), [range]);
  if (layer.restrict.length === 0) return inRange;
  return intersect(inRange, unite(windows(layer.restrict, zone, range)));
}
