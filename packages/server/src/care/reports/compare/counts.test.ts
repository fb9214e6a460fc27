import { describe, expect, test } from 'vitest';
import { countChanged, findShareShift, type Share } from './counts.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Hours of requests with a share of failures that scatters by so much, the same each time. */
function hours(count: number, share: (hour: number) => number, scatter = 0, total = 1_000): Share[] {
  return Array.from({ length: count }, (_, hour) => {
    const wave = 1 + scatter * Math.sin(hour * 1.7);
    return { at: hour * HOUR, total, bad: Math.round(total * share(hour) * wave) };
  });
}

const find = (before: Share[], after: Share[]) => findShareShift(before, after, { tried: 40 });

describe('the share of failures', () => {
  test('that stays is no change', () => {
    expect(
      find(
        hours(168, () => 0.01),
        hours(168, () => 0.01),
      ),
    ).toBeNull();
  });

  test('that rises in the middle is found at its hour', () => {
    const found = find(
      hours(168, () => 0.004),
      hours(168, (hour) => (hour >= 100 ? 0.05 : 0.004)),
    );
    expect(found).toMatchObject({ since: 100 * HOUR, before: 0.004, after: 0.05, total: 68_000, bad: 3_400 });
  });

  test('that falls is found too', () => {
    const found = find(
      hours(168, () => 0.05),
      hours(168, (hour) => (hour >= 100 ? 0 : 0.05)),
    );
    expect(found).toMatchObject({ since: 100 * HOUR, after: 0, bad: 0 });
  });

  test('that always scatters widely must differ by more', () => {
    const after = hours(168, (hour) => (hour >= 150 ? 0.018 : 0.01));
    expect(
      find(
        hours(168, () => 0.01),
        after,
      ),
    ).not.toBeNull();
    expect(
      find(
        hours(168, () => 0.01, 0.9),
        after,
      ),
    ).toBeNull();
  });

  test.each([
    ['few requests', hours(168, () => 0.1, 0, 1), hours(168, () => 0.5, 0, 1)],
    ['few failures', hours(168, () => 0, 0, 1_000), hours(3, (hour) => (hour === 0 ? 0.009 : 0), 0, 1_000)],
    ['less than half as much again', hours(168, () => 0.1), hours(168, () => 0.14)],
    ['less than a tenth of a point', hours(168, () => 0.0002, 0, 100_000), hours(168, () => 0.0009, 0, 100_000)],
  ])('%s are no news', (_name, before, after) => {
    expect(find(before, after)).toBeNull();
  });
});

test.each([
  ['twice as many of enough', { before: 40, after: 90 }, 'more'],
  ['half as many', { before: 90, after: 40 }, 'fewer'],
  ['none where there were ten', { before: 14, after: 0 }, 'fewer'],
  ['nine are too few', { before: 0, after: 9 }, null],
  ['chance', { before: 20, after: 31 }, null],
  ['a third more of many', { before: 1_000, after: 1_330 }, null],
])('counts: %s', (_name, counts, expected) => {
  expect(countChanged({ ...counts, beforeMs: 7 * DAY, afterMs: 7 * DAY })).toBe(expected);
});

test('counts over times of different length are compared by their rate', () => {
  expect(countChanged({ before: 31, after: 28, beforeMs: 31 * DAY, afterMs: 28 * DAY })).toBeNull();
  expect(countChanged({ before: 31, after: 31, beforeMs: 31 * DAY, afterMs: 7 * DAY })).toBe('more');
});
