import type { Zone } from './zone.ts';

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LENGTH = /^(\d+(?:\.\d+)?)\s*(s|m|h|d|w|secs?|seconds?|mins?|minutes?|hours?|days?|weeks?)$/;
const MOMENT = /^(?:(\d{4})-(\d{2})-(\d{2})(?:[t ]+)?)?(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?(z)?$/i;

/** `15m`, `2 hours`, `1.5d` in milliseconds; null when the text is no length of time. */
export function parseLength(text: string): number | null {
  const match = LENGTH.exec(text.trim().toLowerCase());
  const unit = match?.[2] === undefined ? undefined : UNITS[match[2].charAt(0)];
  if (match?.[1] === undefined || unit === undefined) return null;
  const length = Number(match[1]) * unit;
  return length > 0 && length <= 400 * 86_400_000 ? length : null;
}

/** An instant from `14:02`, `2026-11-23`, `2026-11-23 14:02:31` in the zone, or with `Z` in UTC; null when it is none. */
export function parseMoment(text: string, now: number, zone: Zone): number | null {
  const match = MOMENT.exec(text.trim());
  if (match === null || text.trim() === '') return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', marker] = match;
  const utc = zone === 'utc' || marker !== undefined;
  const today = new Date(now);
  const date: [number, number, number] =
    year !== undefined && month !== undefined && day !== undefined
      ? [Number(year), Number(month) - 1, Number(day)]
      : utc
        ? [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()]
        : [today.getFullYear(), today.getMonth(), today.getDate()];
  const time: [number, number, number, number] = [
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.padEnd(3, '0')),
  ];
  const moment = utc ? Date.UTC(...date, ...time) : new Date(...date, ...time).getTime();
  return Number.isNaN(moment) ? null : moment;
}
