import { expect, test } from 'vitest';
import { calendarPeriod, rollingPeriod } from './period.ts';

const HOUR = 3_600_000;
const iso = ({ from, to }: { from: number; to: number }) =>
  [from, to].map((at) => new Date(at).toISOString().slice(0, 16));

test.each([
  // On the Monday after clocks went forward in Berlin: the Sunday has 23 hours.
  [
    'daily',
    '2026-03-30T01:00Z',
    'Europe/Berlin',
    ['2026-03-28T23:00', '2026-03-29T22:00'],
    ['2026-03-21T23:00', '2026-03-22T23:00'],
  ],
  [
    'weekly',
    '2026-03-30T06:00Z',
    'Europe/Berlin',
    ['2026-03-22T23:00', '2026-03-29T22:00'],
    ['2026-03-15T23:00', '2026-03-22T23:00'],
  ],
  [
    'monthly',
    '2026-01-01T07:00Z',
    'UTC',
    ['2025-12-01T00:00', '2026-01-01T00:00'],
    ['2025-11-01T00:00', '2025-12-01T00:00'],
  ],
  [
    'quarterly',
    '2026-04-01T08:00Z',
    'America/New_York',
    ['2026-01-01T05:00', '2026-04-01T04:00'],
    ['2025-10-01T04:00', '2026-01-01T05:00'],
  ],
] as const)('the %s report made at %s is about the time before in %s', (kind, at, zone, own, before) => {
  const period = calendarPeriod(kind, Date.parse(at), zone);
  expect(iso(period)).toEqual(own);
  expect(iso(period.before)).toEqual(before);
});

test.each([
  ['daily', 1, 7],
  ['weekly', 7, 7],
  ['monthly', 28, 28],
  ['quarterly', 91, 91],
] as const)('by hand the %s report is about %i days, compared with %i days earlier', (kind, days, back) => {
  const at = Date.parse('2026-03-30T06:30:12Z');
  const period = rollingPeriod(kind, at, 'UTC');
  expect(period.to).toBe(Date.parse('2026-03-30T06:31:00Z'));
  expect(period.to - period.from).toBe(days * 24 * HOUR);
  expect(period.from - period.before.from).toBe(back * 24 * HOUR);
  expect(period.before.to - period.before.from).toBe(days * 24 * HOUR);
});
