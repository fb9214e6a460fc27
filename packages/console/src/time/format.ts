import { formatSpan } from '../format/number.ts';
import type { Zone } from './zone.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}.${name}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat('en-GB', zone === 'utc' ? { ...options, timeZone: 'UTC' } : options);
    formats.set(key, found);
  }
  return found;
}

/** `2026-11-23 14:02:31` */
export function formatInstant(time: number, zone: Zone): string {
  const parts = new Map(
    format(zone, 'instant', {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
      .formatToParts(time)
      .map((part) => [part.type, part.value]),
  );
  const day = `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
  return `${day} ${parts.get('hour')}:${parts.get('minute')}:${parts.get('second')}`;
}

/** `23 Nov 14:02:31`, with the year when it is another one. */
export function formatMoment(time: number, now: number, zone: Zone): string {
  const [day, clock] = [formatDay(time, zone), formatClock(time, zone).slice(0, 8)];
  const year = formatInstant(time, zone).slice(0, 4);
  return year === formatInstant(now, zone).slice(0, 4) ? `${day} ${clock}` : `${day} ${year} ${clock}`;
}

/** `14:02:31.418` */
export function formatClock(time: number, zone: Zone): string {
  const text = format(zone, 'clock', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  return `${text.format(time)}.${String(new Date(time).getMilliseconds()).padStart(3, '0')}`;
}

/** `14:02` */
export function formatMinute(time: number, zone: Zone): string {
  return format(zone, 'minute', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(time);
}

/** `23 Nov` */
export function formatDay(time: number, zone: Zone): string {
  return format(zone, 'day', { day: 'numeric', month: 'short' }).format(time);
}

/** `14:02` today, `23 Nov 14:02` on another day. */
export function formatShort(time: number, now: number, zone: Zone): string {
  const sameDay = formatDay(time, zone) === formatDay(now, zone) && Math.abs(now - time) < 86_400_000;
  return sameDay ? formatMinute(time, zone) : `${formatDay(time, zone)} ${formatMinute(time, zone)}`;
}

const zoned = new Map<string, Intl.DateTimeFormat>();

/**
 * `Mon 30 Nov 09:00` on the clock of any zone.
 * @param timeZone an IANA name, or `UTC`
 */
export function formatZoned(time: number, timeZone: string): string {
  let found = zoned.get(timeZone);
  if (found === undefined) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    zoned.set(timeZone, found);
  }
  return found.format(time).replaceAll(',', '');
}

/** `now`, `12 s ago`, `2 min ago`, `3 h ago`; also `in 40 s`. */
export function formatAgo(time: number, now: number): string {
  const distance = now - time;
  if (Math.abs(distance) < 1500) return 'now';
  const span = formatSpan(Math.abs(distance)).split(' ')[0] ?? '';
  return distance > 0 ? `${span} ago` : `in ${span}`;
}
