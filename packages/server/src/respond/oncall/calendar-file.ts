import { createHash } from 'node:crypto';
import type { Schedule, Shift } from './schedule.ts';
import { shifts } from './shifts.ts';

/** Octets of a line without its end, RFC 5545 section 3.1. */
const LINE_OCTETS = 75;
const MONTHS_BACK = 1;
const MONTHS_AHEAD = 7;

/**
 * The time that a calendar file covers, in milliseconds since the epoch. Its ends lie on the first of a month, so that
 * the file stays the same from one fetch to the next.
 */
export function calendarRange(now: number): { from: number; to: number } {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { from: Date.UTC(year, month - MONTHS_BACK), to: Date.UTC(year, month + MONTHS_AHEAD) };
}

/**
 * The shifts of a schedule as an iCalendar file (RFC 5545) with times in UTC. A shift keeps its UID as long as its
 * person and its beginning stay.
 * @param schedule with all its overrides
 */
export function calendarFile(schedule: Schedule, now: number): string {
  const { from, to } = calendarRange(now);
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//YumOps//On call//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    `NAME:${escapeText(`On call: ${schedule.name}`)}`,
    `X-WR-CALNAME:${escapeText(`On call: ${schedule.name}`)}`,
    'REFRESH-INTERVAL;VALUE=DURATION:PT1H',
    'X-PUBLISHED-TTL:PT1H',
    ...shifts(schedule, from, to).flatMap((shift) => event(schedule, shift, now)),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

function event(schedule: Schedule, { person, start, end }: Shift, now: number): string[] {
  const identity = createHash('sha256')
    .update(JSON.stringify([schedule.id, person, start]))
    .digest('hex');
  return [
    'BEGIN:VEVENT',
    `UID:${identity.slice(0, 32)}@oncall.yumops`,
    `DTSTAMP:${utc(now)}`,
    `DTSTART:${utc(start)}`,
    `DTEND:${utc(end)}`,
    `SUMMARY:${escapeText(`${person} on call: ${schedule.name}`)}`,
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ];
}

/** `20260329T010000Z` */
function utc(instant: number): string {
  return new Date(instant).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** A text value: backslash, semicolon, comma and line breaks are escaped, RFC 5545 section 3.3.11. */
function escapeText(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}

/** Breaks a line into pieces of at most 75 octets, never inside a character; further pieces begin with a space. */
function fold(line: string): string {
  let folded = '';
  let octets = 0;
  for (const character of line) {
    const length = Buffer.byteLength(character);
    if (octets + length > LINE_OCTETS) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += character;
    octets += length;
  }
  return folded;
}
