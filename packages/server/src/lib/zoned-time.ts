/**
 * What a clock on the wall of some place shows, in milliseconds as if that place were on UTC. Days of the calendar
 * are 86,400,000 of these apart, whatever daylight saving does; `instantOf` gives the real time.
 */
export type WallTime = number;

export const DAY_MS = 86_400_000;

/** No place is further than this from UTC. */
const WIDEST_OFFSET_MS = 16 * 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** Whether the name is a time zone of the IANA database, such as `Europe/London`. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The names of time zones that this machine knows. */
export function timeZones(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

/**
 * What the wall clock shows at an instant, to the second; milliseconds are kept.
 * @param instant milliseconds since the epoch
 */
export function wallTimeAt(instant: number, zone: string): WallTime {
  const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] = formatOf(zone)
    .format(instant)
    .split(/\D+/)
    .map(Number);
  const milliseconds = ((instant % 1_000) + 1_000) % 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
}

/** How far the wall clock is ahead of UTC at an instant, in milliseconds. */
export function offsetAt(instant: number, zone: string): number {
  return wallTimeAt(instant, zone) - instant;
}

/** The first instant after `low`, and not after `high`, at which the offset is the one at `high`. */
function transitionBetween(low: number, high: number, zone: string): number {
  const after = offsetAt(high, zone);
  let [before, at] = [low, high];
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2);
    if (offsetAt(middle, zone) === after) at = middle;
    else before = middle;
  }
  return at;
}

/**
 * The instant at which the wall clock shows a time, in milliseconds since the epoch. A time that does not exist,
 * because clocks go forward over it, is the first instant after the gap; of a time that comes twice the first is meant.
 */
export function instantOf(wall: WallTime, zone: string): number {
  const before = offsetAt(wall - WIDEST_OFFSET_MS, zone);
  const after = offsetAt(wall + WIDEST_OFFSET_MS, zone);
  if (before === after) return wall - before;
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  if (wallTimeAt(early, zone) === wall) return early;
  if (wallTimeAt(late, zone) === wall) return late;
  return transitionBetween(early, late, zone);
}

/** The instants in `(from, to]` at which the zone's offset changes. */
export function offsetChanges(zone: string, from: number, to: number): number[] {
  const changes: number[] = [];
  for (let at = from; at < to; at += DAY_MS) {
    const end = Math.min(at + DAY_MS, to);
    if (offsetAt(at, zone) !== offsetAt(end, zone)) changes.push(transitionBetween(at, end, zone));
  }
  return changes;
}

/** Reads a local time from 1970 on, `2026-03-22T01:30`, with seconds or without. Undefined when it is none. */
export function parseWallTime(text: string): WallTime | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?$/.exec(text);
  if (!match) return undefined;
  const iso = `${match[1]}T${match[2]}${match[3] ?? ':00'}`;
  const wall = Date.parse(`${iso}Z`);
  const exists = wall >= 0 && new Date(wall).toISOString().startsWith(iso);
  return exists ? wall : undefined;
}

/** A wall time as `2026-03-22T01:30`. */
export function formatWallTime(wall: WallTime): string {
  return new Date(wall).toISOString().slice(0, 16);
}

/** An instant as the wall clock of a zone shows it, with its offset: `2026-10-25 01:30 +01:00`. */
export function formatZonedTime(instant: number, zone: string): string {
  const offset = offsetAt(instant, zone);
  const sign = offset < 0 ? '-' : '+';
  return `${formatWallTime(instant + offset).replace('T', ' ')} ${sign}${formatWallTime(Math.abs(offset)).slice(11)}`;
}

/**
 * Reads an instant: ISO 8601 with an offset (`2026-10-25T00:30:00Z`), or a local time with the name of its zone
 * (`2026-10-25 01:30 Europe/London`). Without either it is UTC; a day alone is its first moment.
 * @returns milliseconds since the epoch, or undefined when the text is no time
 */
export function parseInstant(text: string): number | undefined {
  const [, time = '', zone = 'UTC'] = /^(\S+(?: \d\d:\d\d(?::\d\d)?)?)(?: ([A-Za-z]\S*))?$/.exec(text.trim()) ?? [];
  const wall = parseWallTime(/^\d{4}-\d\d-\d\d$/.test(time) ? `${time}T00:00` : time);
  if (wall !== undefined) return isTimeZone(zone) ? instantOf(wall, zone) : undefined;
  if (zone !== 'UTC' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i.test(time)) return undefined;
  const instant = Date.parse(time);
  return instant >= 0 ? instant : undefined;
}
