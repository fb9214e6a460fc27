import type { Zone } from './zone.ts';

/** The midnight `days` after the one at which the day of `time` began. Days may be 23 or 25 hours long. */
export function midnight(time: number, zone: Zone, days = 0): number {
  const date = new Date(time);
  if (zone === 'utc') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

/** The midnight at which the Monday of the week began. */
export function startOfWeek(time: number, zone: Zone): number {
  const date = new Date(time);
  const weekday = zone === 'utc' ? date.getUTCDay() : date.getDay();
  return midnight(time, zone, -((weekday + 6) % 7));
}

/** The midnight at which the month began, or that of so many months later. */
export function startOfMonth(time: number, zone: Zone, months = 0): number {
  const date = new Date(time);
  if (zone === 'utc') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
  return new Date(date.getFullYear(), date.getMonth() + months, 1).getTime();
}
