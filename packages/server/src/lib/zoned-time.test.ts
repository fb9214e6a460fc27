import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantOf, isTimeZone, offsetChanges, parseInstant, parseWallTime, wallTimeAt } from './zoned-time.ts';

const at = (text: string) => parseWallTime(text) ?? Number.NaN;
const iso = (instant: number | undefined) => (instant === undefined ? undefined : new Date(instant).toISOString());

describe('a local time as an instant', () => {
  test.each([
    ['an ordinary day', 'Europe/London', '2026-01-10T01:30', '2026-01-10T01:30:00.000Z'],
    ['a day in summer', 'Europe/London', '2026-07-10T01:30', '2026-07-10T00:30:00.000Z'],
    ['a time that does not exist', 'Europe/London', '2026-03-29T01:30', '2026-03-29T01:00:00.000Z'],
    ['the first time that does not exist', 'Europe/London', '2026-03-29T01:00', '2026-03-29T01:00:00.000Z'],
    ['the first time after the gap', 'Europe/London', '2026-03-29T02:00', '2026-03-29T01:00:00.000Z'],
    ['a time that comes twice', 'Europe/London', '2026-10-25T01:30', '2026-10-25T00:30:00.000Z'],
    ['the first time after those that come twice', 'Europe/London', '2026-10-25T02:00', '2026-10-25T02:00:00.000Z'],
    ['a time that does not exist', 'America/New_York', '2026-03-08T02:30', '2026-03-08T07:00:00.000Z'],
    ['a time that comes twice', 'America/New_York', '2026-11-01T01:15', '2026-11-01T05:15:00.000Z'],
    ['half an hour that does not exist', 'Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:30:00.000Z'],
    ['half an hour that comes twice', 'Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-04T14:45:00.000Z'],
    ['a zone of quarter hours', 'Asia/Kathmandu', '2026-03-29T01:30', '2026-03-28T19:45:00.000Z'],
    ['midnight that does not exist', 'America/Santiago', '2026-09-06T00:00', '2026-09-06T04:00:00.000Z'],
    ['a day that does not exist', 'Pacific/Apia', '2011-12-30T12:00', '2011-12-30T10:00:00.000Z'],
  ])('%s in %s: %s', (_what, zone, local, instant) => {
    expect(iso(instantOf(at(local), zone))).toBe(instant);
  });

  const zones = [
    'UTC',
    'Europe/London',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Africa/Casablanca',
  ];

  test('is the first of the instants that show it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) }),
        (zone, instant) => {
          const wall = wallTimeAt(instant, zone);
          const first = instantOf(wall, zone);
          expect(wallTimeAt(first, zone)).toBe(wall);
          expect(first).toBeLessThanOrEqual(instant);
        },
      ),
    );
  });

  test('never goes backwards, and never shows less than was asked for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) }),
        fc.integer({ min: 0, max: 10_000_000 }),
        (zone, wall, later) => {
          expect(instantOf(wall + later, zone)).toBeGreaterThanOrEqual(instantOf(wall, zone));
          expect(wallTimeAt(instantOf(wall, zone), zone)).toBeGreaterThanOrEqual(wall);
        },
      ),
    );
  });
});

test('changes of the clocks are found to the millisecond', () => {
  const changes = offsetChanges('Europe/London', Date.UTC(2026, 0), Date.UTC(2027, 0));
  expect(changes.map(iso)).toEqual(['2026-03-29T01:00:00.000Z', '2026-10-25T01:00:00.000Z']);
  expect(offsetChanges('Asia/Kathmandu', Date.UTC(2026, 0), Date.UTC(2027, 0))).toEqual([]);
});

test.each([
  ['2026-10-25T00:30:00Z', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T01:30:00+01:00', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T01:30+0100', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T00:30:00.250Z', '2026-10-25T00:30:00.250Z'],
  ['2026-10-25 01:30 Europe/London', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T01:30 Europe/London', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T01:30', '2026-10-25T01:30:00.000Z'],
  ['2026-10-25', '2026-10-25T00:00:00.000Z'],
  ['2026-10-25 Europe/London', '2026-10-24T23:00:00.000Z'],
  ['2026-02-30', undefined],
  ['0001-01-01', undefined],
  ['0001-01-01T00:00:00Z', undefined],
  ['2026-10-25T25:00:00Z', undefined],
  ['2026-10-25T01:30 Europe/Londn', undefined],
  ['2026-10-25T00:30Z Europe/London', undefined],
  ['now', undefined],
  ['', undefined],
])('the instant "%s"', (text, instant) => {
  expect(iso(parseInstant(text))).toBe(instant);
});

test.each([
  ['Europe/London', true],
  ['UTC', true],
  ['Europe/Londn', false],
  ['+01:00', false],
  ['', false],
])('the zone "%s"', (name, known) => {
  expect(isTimeZone(name)).toBe(known);
});
