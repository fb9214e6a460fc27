import { describe, expect, test } from 'vitest';
import type { Schedule } from './schedule.ts';
import { gaps, nextHandOff, onCallAt, shifts, situationAt } from './shifts.ts';
import { layer, schedule } from './testing/schedules.ts';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(`${text}Z`);
const text = (instant: number) => new Date(instant).toISOString().slice(0, 16);

function table(of: Schedule, from: string, to: string): string[] {
  return shifts(of, at(from), at(to)).map(({ person, start, end }) => `${text(start)} ${text(end)} ${person}`);
}

describe('hand-offs when the clocks change', () => {
  const weekly = (timeZone: string, start: string) => schedule({ timeZone, layers: [layer({ start })] });

  test.each([
    ['London, a time that does not exist', weekly('Europe/London', '2026-03-22T01:30'), '2026-03-29T01:00'],
    ['London, a time that comes twice', weekly('Europe/London', '2026-10-18T01:30'), '2026-10-25T00:30'],
    ['New York, spring', weekly('America/New_York', '2026-03-01T02:30'), '2026-03-08T07:00'],
    ['New York, autumn', weekly('America/New_York', '2026-10-25T01:30'), '2026-11-01T05:30'],
    ['Lord Howe, half an hour forward', weekly('Australia/Lord_Howe', '2026-09-27T02:10'), '2026-10-03T15:30'],
    ['Lord Howe, half an hour back', weekly('Australia/Lord_Howe', '2026-03-29T01:40'), '2026-04-04T14:40'],
    ['Kathmandu', weekly('Asia/Kathmandu', '2026-03-22T01:30'), '2026-03-28T19:45'],
  ])('%s', (_what, of, handOff) => {
    const begun = shifts(of, at(handOff) - 24 * HOUR, at(handOff) + 24 * HOUR);
    expect(begun.map(({ start }) => text(start))).toContain(handOff);
    expect(onCallAt(of, at(handOff) - 1)).toBe('ada');
    expect(onCallAt(of, at(handOff))).toBe('grace');
  });

  test('in the hour that comes again the turn that began in it goes on', () => {
    const of = weekly('Europe/London', '2026-10-18T01:30');
    expect(onCallAt(of, at('2026-10-25T01:15'))).toBe('grace');
    expect(table(of, '2026-10-25T01:15', '2026-10-26T00:00')).toEqual(['2026-10-25T01:15 2026-10-26T00:00 grace']);
  });

  test('days keep their time of day, hours elapse', () => {
    const daily = schedule({ layers: [layer({ start: '2026-03-28T09:00', every: { unit: 'days', length: 1 } })] });
    expect(table(daily, '2026-03-28T09:00', '2026-03-30T08:00')).toEqual([
      '2026-03-28T09:00 2026-03-29T08:00 ada',
      '2026-03-29T08:00 2026-03-30T08:00 grace',
    ]);
    const hours = schedule({ layers: [layer({ start: '2026-03-28T09:00', every: { unit: 'hours', length: 24 } })] });
    expect(table(hours, '2026-03-28T09:00', '2026-03-30T09:00')).toEqual([
      '2026-03-28T09:00 2026-03-29T09:00 ada',
      '2026-03-29T09:00 2026-03-30T09:00 grace',
    ]);
  });
});

describe('layers', () => {
  const weekdays = [1, 2, 3, 4, 5];

  test('nobody is on call before the first turn', () => {
    expect(table(schedule(), '2026-03-20T00:00', '2026-03-23T00:00')).toEqual([
      '2026-03-22T01:30 2026-03-23T00:00 ada',
    ]);
  });

  test('a later layer counts over an earlier one, in its windows alone', () => {
    const of = schedule({
      timeZone: 'UTC',
      layers: [
        layer({ people: ['ada'] }),
        layer({ people: ['grace'], restrict: [{ days: weekdays, from: 9 * HOUR, to: 17 * HOUR }] }),
      ],
    });
    expect(table(of, '2026-03-27T00:00', '2026-03-30T12:00')).toEqual([
      '2026-03-27T00:00 2026-03-27T09:00 ada',
      '2026-03-27T09:00 2026-03-27T17:00 grace',
      '2026-03-27T17:00 2026-03-30T09:00 ada',
      '2026-03-30T09:00 2026-03-30T12:00 grace',
    ]);
  });

  test('a window over midnight belongs to the day on which it begins, and may be cut by a hand-off', () => {
    const night = { days: [6], from: 22 * HOUR, to: 6 * HOUR };
    const of = schedule({ timeZone: 'UTC', layers: [layer({ restrict: [night] })] });
    expect(table(of, '2026-03-28T00:00', '2026-03-30T00:00')).toEqual([
      '2026-03-28T22:00 2026-03-29T01:30 ada',
      '2026-03-29T01:30 2026-03-29T06:00 grace',
    ]);
    expect(
      gaps(of, at('2026-03-28T00:00'), at('2026-03-30T00:00')).map(({ start, end }) => [text(start), text(end)]),
    ).toEqual([
      ['2026-03-28T00:00', '2026-03-28T22:00'],
      ['2026-03-29T06:00', '2026-03-30T00:00'],
    ]);
  });

  test('a window that ends at the time at which it begins lasts for a day', () => {
    const sunday = { days: [0], from: 9 * HOUR, to: 9 * HOUR };
    const of = schedule({ timeZone: 'UTC', layers: [layer({ people: ['ada'], restrict: [sunday] })] });
    expect(table(of, '2026-03-27T00:00', '2026-04-01T00:00')).toEqual(['2026-03-29T09:00 2026-03-30T09:00 ada']);
  });

  test('windows keep their time of day when the clocks change', () => {
    const office = { days: [0, 1], from: 9 * HOUR, to: 17 * HOUR };
    const of = schedule({ layers: [layer({ people: ['ada'], restrict: [office] })] });
    expect(table(of, '2026-03-22T00:00', '2026-03-30T00:00')).toEqual([
      '2026-03-22T09:00 2026-03-22T17:00 ada',
      '2026-03-23T09:00 2026-03-23T17:00 ada',
      '2026-03-29T08:00 2026-03-29T16:00 ada',
    ]);
  });

  test('turns of one person and windows that touch are one shift', () => {
    const days = [0, 1, 2, 3, 4, 5, 6];
    const halves = [
      { days, from: 0, to: 12 * HOUR },
      { days, from: 12 * HOUR, to: 24 * HOUR },
    ];
    const of = schedule({ layers: [layer({ people: ['ada'], restrict: halves })] });
    expect(table(of, '2026-03-23T00:00', '2026-06-23T00:00')).toEqual(['2026-03-23T00:00 2026-06-23T00:00 ada']);
  });

  test('a layer without people has nobody', () => {
    expect(table(schedule({ layers: [layer({ people: [] })] }), '2026-03-23T00:00', '2026-06-23T00:00')).toEqual([]);
  });
});

describe('overrides', () => {
  const override = (person: string, from: string, to: string) => ({ person, start: at(from), end: at(to) });

  test('count over all layers, the later over the earlier', () => {
    const of = schedule({
      overrides: [
        override('linus', '2026-03-25T00:00', '2026-03-26T00:00'),
        override('alan', '2026-03-25T12:00', '2026-03-25T13:00'),
      ],
    });
    expect(table(of, '2026-03-24T00:00', '2026-03-27T00:00')).toEqual([
      '2026-03-24T00:00 2026-03-25T00:00 ada',
      '2026-03-25T00:00 2026-03-25T12:00 linus',
      '2026-03-25T12:00 2026-03-25T13:00 alan',
      '2026-03-25T13:00 2026-03-26T00:00 linus',
      '2026-03-26T00:00 2026-03-27T00:00 ada',
    ]);
  });

  test('fill gaps', () => {
    const of = schedule({ layers: [], overrides: [override('linus', '2026-03-25T00:00', '2026-03-26T00:00')] });
    expect(table(of, '2026-03-24T00:00', '2026-03-25T12:00')).toEqual(['2026-03-25T00:00 2026-03-25T12:00 linus']);
  });
});

describe('the situation at an instant', () => {
  const situation = (of: Schedule, instant: string) => {
    const { person, since, until, next } = situationAt(of, at(instant));
    return [person, since && text(since), until && text(until), next];
  };

  test('who, since when, until when, and who follows', () => {
    expect(situation(schedule(), '2026-03-29T00:59')).toEqual(['ada', '2026-03-22T01:30', '2026-03-29T01:00', 'grace']);
    expect(situation(schedule(), '2026-03-29T01:00')).toEqual(['grace', '2026-03-29T01:00', '2026-04-05T00:30', 'ada']);
  });

  test('before the first turn, and in a gap', () => {
    expect(situation(schedule(), '2026-01-01T00:00')).toEqual([null, null, '2026-03-22T01:30', 'ada']);
    const office = schedule({ layers: [layer({ restrict: [{ days: [1], from: 9 * HOUR, to: 17 * HOUR }] })] });
    expect(situation(office, '2026-03-24T00:00')).toEqual([null, '2026-03-23T17:00', '2026-03-30T08:00', 'grace']);
    expect(situation(office, '2026-03-23T10:00')).toEqual(['ada', '2026-03-23T09:00', '2026-03-23T17:00', null]);
  });

  test('long turns, and one person for ever', () => {
    const yearly = schedule({ layers: [layer({ every: { unit: 'days', length: 364 } })] });
    expect(situation(yearly, '2026-12-01T00:00')).toEqual(['ada', '2026-03-22T01:30', '2027-03-21T01:30', 'grace']);
    const alone = schedule({ layers: [layer({ people: ['ada'] })] });
    expect(situation(alone, '2036-12-01T00:00')).toEqual(['ada', null, null, null]);
    expect(nextHandOff(schedule({ layers: [] }), at('2026-03-24T00:00'))).toBeNull();
  });
});
