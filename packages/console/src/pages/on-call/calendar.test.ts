import type { OnCallCalendar } from '@yumops/protocol';
import { describe, expect, it } from 'vitest';
import { rowsOf, uncovered } from './calendar-rows.ts';
import { calendarSpan, neighbour, place } from './calendar-span.ts';

/** A Wednesday. */
const NOW = Date.parse('2026-11-25T14:30:00Z');
const iso = (time: number) => new Date(time).toISOString();
const spanOf = (search: { span?: string; day?: string }) => calendarSpan(search, { now: NOW, zone: 'utc' });

describe('the span of the calendar', () => {
  it.each([
    [{}, '2026-11-23', '2026-11-30', 7],
    [{ day: '2026-11-22' }, '2026-11-16', '2026-11-23', 7],
    [{ span: 'month' }, '2026-11-01', '2026-12-01', 30],
    [{ span: 'month', day: '2026-02-14' }, '2026-02-01', '2026-03-01', 28],
    [{ span: 'decade', day: 'x' }, '2026-11-23', '2026-11-30', 7],
  ])('%j', (search, from, to, days) => {
    const span = spanOf(search);
    expect([iso(span.from), iso(span.to)]).toEqual([`${from}T00:00:00.000Z`, `${to}T00:00:00.000Z`]);
    expect(span.days).toHaveLength(days);
  });

  it('goes a week or a month on and back', () => {
    expect(iso(neighbour(spanOf({}), -1, 'utc'))).toBe('2026-11-16T00:00:00.000Z');
    expect(iso(neighbour(spanOf({ span: 'month' }), 1, 'utc'))).toBe('2026-12-01T00:00:00.000Z');
  });

  it('places what lies in it, cut at its ends', () => {
    const span = spanOf({});
    expect(place(span, { start: '2026-11-20T00:00:00Z', end: '2026-11-24T00:00:00Z' })).toEqual({
      left: 0,
      width: 1 / 7,
    });
    expect(place(span, { start: '2026-11-30T00:00:00Z', end: '2026-12-24T00:00:00Z' })).toBeNull();
  });
});

it('lays the stronger rows above the weaker and marks who stands in', () => {
  const day = (first: number, last: number) => ({
    start: `2026-11-${first}T00:00:00Z`,
    end: `2026-11-${last}T00:00:00Z`,
  });
  const calendar: OnCallCalendar = {
    from: '',
    to: '',
    shifts: [
      { schedule: 'primary', person: 'ada', ...day(23, 25) },
      { schedule: 'primary', person: 'grace', ...day(25, 26) },
      { schedule: 'other', person: 'linus', ...day(23, 30) },
    ],
    gaps: [{ schedule: 'primary', ...day(26, 28) }],
    layers: [
      { schedule: 'primary', person: 'ada', layer: 0, ...day(23, 26) },
      { schedule: 'primary', person: 'ada', layer: 1, ...day(24, 25) },
    ],
    overrides: [{ schedule: 'primary', person: 'grace', id: '1', swap: null, createdBy: 'ada', ...day(25, 26) }],
  };
  const rows = rowsOf(calendar, 'primary');
  expect(rows.map(({ name }) => name)).toEqual(['On call', 'Overrides', 'Layer 2', 'Layer 1']);
  expect(rows[0]?.bars.map(({ kind }) => kind)).toEqual(['turn', 'stand-in', 'gap']);
  expect(rowsOf(calendar, 'other').map(({ name }) => name)).toEqual(['On call']);
  expect(uncovered(calendar.gaps, 'primary')).toEqual({ count: 1, length: 2 * 86_400_000 });
});
