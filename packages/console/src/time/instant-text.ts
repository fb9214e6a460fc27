import { midnight } from './days.ts';
import { parseLength, parseMoment } from './parse.ts';
import type { Zone } from './zone.ts';

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const ON_A_DAY = /^(today|tomorrow|sun|mon|tue|wed|thu|fri|sat)[a-z]*\s+(\d{1,2}:\d{2})$/;

/**
 * An instant as people say it: `now`, `in 3h`, `tomorrow 03:00`, `sat 03:00` (the next such day, perhaps today), and
 * all that `parseMoment` reads.
 * @returns null when the text is none of these
 */
export function parseInstantText(text: string, now: number, zone: Zone): number | null {
  const clean = text.trim().toLowerCase();
  if (clean === 'now') return now;
  const length = clean.startsWith('in ') ? parseLength(clean.slice(3)) : null;
  if (length !== null) return now + length;
  const [, day, clock] = ON_A_DAY.exec(clean) ?? [];
  if (day === undefined || clock === undefined) return parseMoment(text, now, zone);
  return parseMoment(clock, midnight(now, zone, daysUntil(day, now, zone)), zone);
}

function daysUntil(day: string, now: number, zone: Zone): number {
  if (day === 'today') return 0;
  if (day === 'tomorrow') return 1;
  const today = zone === 'utc' ? new Date(now).getUTCDay() : new Date(now).getDay();
  return (WEEKDAYS.indexOf(day) - today + 7) % 7;
}
