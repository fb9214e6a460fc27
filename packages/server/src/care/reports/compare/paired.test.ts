import { describe, expect, test } from 'vitest';
import { findShift, normalQuantile, type Point, pairUp } from './paired.ts';

const HOUR = 3_600_000;
const WEEK = 168;
const START = Date.UTC(2026, 0, 5);

/** Hours from a Monday on, with a season of the day and noise that is the same each time. */
function hours(from: number, count: number, level: (hour: number) => number, events = 100): Point[] {
  return Array.from({ length: count }, (_, index) => {
    const hour = from + index;
    const noise = 1 + 0.2 * Math.sin(hour * 12.9898 + 78.233 * (hour % 7));
    const season = 100 * (1 + 0.6 * Math.sin(((hour % 24) / 24) * 2 * Math.PI));
    return { at: START + hour * HOUR, value: season * noise * level(index), count: events };
  });
}

const week = hours(0, WEEK, () => 1);
const shift = (level: (hour: number) => number, options = { tried: 40, least: 1.25 }) =>
  findShift(pairUp(week, hours(WEEK, WEEK, level)), options);

describe('a level that holds', () => {
  test('season and noise are no shift', () => {
    expect(shift(() => 1)).toBeNull();
  });

  test.each([1.1, 0.9])('%d times is too little to be told', (ratio) => {
    expect(shift(() => ratio)).toBeNull();
  });

  test('one bad afternoon is no new level', () => {
    expect(shift((hour) => (hour > 60 && hour < 66 ? 20 : 1))).toBeNull();
  });
});

describe('a level that changes', () => {
  test.each([
    ['from the first hour', 3, 0],
    ['in the middle', 3, 84],
    ['a day before the end', 3, 144],
    ['to less', 1 / 3, 84],
  ])('%s', (_name, ratio, since) => {
    const found = shift((hour) => (hour >= since ? ratio : 1));
    expect(found?.since).toBe(START + (WEEK + since) * HOUR);
    expect((found?.ratio ?? 0) / ratio).toBeCloseTo(1, 1);
    expect(found?.pairs).toBe(WEEK - since);
  });

  test('in the last hours is told from six of them on', () => {
    expect(shift((hour) => (hour >= WEEK - 5 ? 3 : 1))).toBeNull();
    expect(shift((hour) => (hour >= WEEK - 6 ? 3 : 1))?.pairs).toBe(6);
  });

  test('a day in which all hours lie a little further out must hold for longer', () => {
    const wild = (hour: number) => (hour === 20 ? 3 : hour >= WEEK - 20 ? 2 : 1);
    expect(shift(wild)).toBeNull();
    expect(shift((hour) => (hour === 20 ? 3 : hour >= WEEK - 30 ? 2 : 1))).not.toBeNull();
  });

  test('hours of too few events say nothing', () => {
    const pairs = pairUp(
      week,
      hours(WEEK, WEEK, () => 3, 19),
    );
    expect(pairs).toEqual([]);
    expect(findShift(pairs, { tried: 1, least: 1.25 })).toBeNull();
  });
});

test('an hour is put beside the median of the same hours of the week of the time before', () => {
  const at = START + 5 * HOUR;
  const before = [at, at + WEEK * HOUR, at + 2 * WEEK * HOUR].map((time, index) => ({
    at: time,
    value: 10 + index,
    count: 50,
  }));
  const after = [{ at: at + 3 * WEEK * HOUR, value: 30, count: 50 }];
  expect(pairUp(before, after)).toEqual([{ at: at + 3 * WEEK * HOUR, before: 11, after: 30 }]);
});

test.each([
  [0.975, 1.96],
  [0.9995, 3.2905],
  [0.999999, 4.7534],
])('the normal quantile of %d is %d', (share, z) => {
  expect(normalQuantile(share)).toBeCloseTo(z, 2);
});
