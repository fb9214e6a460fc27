import { describe, expect, test } from 'vitest';
import { forecast, outlookText } from './outlook.ts';
import { byHour, DAY_MS, HOUR_MS, median, type Point, spread } from './series.ts';

const NOW = Date.UTC(2026, 10, 30, 9);

/** A repeatable source of numbers from 0 to 1 (mulberry32), and of normal noise from it. */
function random(seed: number) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const between = (low: number, high: number) => low + (high - low) * uniform();
  return { uniform, normal, between };
}

interface Planted {
  history: Point[];
  limit: number;
  /** When the series, as it goes on, is at the limit for the first time: days from now. */
  truth: number;
}

/** Growth with daily and weekly season, correlated noise, gaps and outliers; and how it goes on. */
function plant(seed: number): Planted {
  const { uniform, normal, between } = random(seed);
  const historyDays = Math.round(between(14, 60));
  const growth = between(0.5, 2);
  const noise = growth * between(0.5, 4);
  const [daily, weekly] = [growth * between(0, 6), growth * between(0, 4)];
  const memory = between(0, 0.7);
  const start = between(50, 500);
  const truthAim = between(0.5, 3) * historyDays;
  const limit = start + growth * (historyDays + truthAim);
  let carried = 0;
  const valueAt = (hour: number) => {
    const days = hour / 24;
    carried = memory * carried + Math.sqrt(1 - memory ** 2) * noise * normal();
    const season = daily * Math.sin(2 * Math.PI * days) + weekly * Math.sin((2 * Math.PI * days) / 7);
    return start + growth * days + season + carried;
  };
  const history: Point[] = [];
  const gap = between(0.2, 0.7) * historyDays * 24;
  for (let hour = 0; hour <= historyDays * 24; hour++) {
    const value = valueAt(hour);
    const missing = uniform() < 0.1 || (hour > gap && hour < gap + 36);
    const outlier = uniform() < 0.01 ? 40 * noise * normal() : 0;
    if (!missing) history.push({ at: NOW - (historyDays * 24 - hour) * HOUR_MS, value: value + outlier });
  }
  let hour = 1;
  while (valueAt(historyDays * 24 + hour) < limit) hour++;
  return { history, limit, truth: hour / 24 };
}

describe('a growing series', () => {
  const SEED = 20_261_130;
  const runs = Array.from({ length: 200 }, (_, index) => {
    const { history, limit, truth } = plant(SEED + index);
    return { seed: SEED + index, truth, outlook: forecast(history, limit, NOW).outlook };
  });
  const limits = runs.flatMap(({ seed, truth, outlook }) =>
    outlook.state === 'limit' ? [{ seed, truth, ...outlook, latest: outlook.latest ?? Number.POSITIVE_INFINITY }] : [],
  );

  test('is foretold to reach its limit in every one of 200 runs', () => {
    expect(runs.filter(({ outlook }) => outlook.state !== 'limit')).toEqual([]);
  });

  test('reaches it within the interval in at least 90 % of 200 runs', () => {
    const missed = limits.filter(({ truth, earliest, latest }) => truth < earliest || truth > latest);
    const covered = 1 - missed.length / runs.length;
    expect(covered, `seeds ${missed.map(({ seed }) => seed).join(', ')}`).toBeGreaterThanOrEqual(0.9);
  });

  test('has an interval that says something: half of them are narrower than a third of the time left', () => {
    const widths = limits.map(({ truth, earliest, latest }) => (latest - earliest) / truth);
    expect(median(widths)).toBeLessThan(1 / 3);
    // An interval is no interval when it begins now.
    expect(limits.filter(({ earliest, truth }) => earliest < truth / 3).length).toBeLessThan(20);
  });

  test('is expected at the limit near the time at which it is', () => {
    const errors = limits.map(({ truth, days }) => Math.abs((days ?? Number.POSITIVE_INFINITY) - truth) / truth);
    expect(median(errors)).toBeLessThan(0.1);
  });
});

/** Hourly points over `days` until now. */
function hourly(days: number, value: (day: number) => number): Point[] {
  return Array.from({ length: days * 24 + 1 }, (_, hour) => ({
    at: NOW - (days * 24 - hour) * HOUR_MS,
    value: value(hour / 24),
  }));
}

test('flat and shrinking series say that no limit is in sight', () => {
  let wrong = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { normal, between } = random(seed);
    const growth = seed % 2 === 0 ? 0 : -between(0.1, 1);
    const history = hourly(30, (day) => 100 + growth * day + 3 * Math.sin(2 * Math.PI * day) + normal());
    if (forecast(history, 130, NOW).outlook.state !== 'none') wrong++;
  }
  // Growth that is none passes for some at the level of the interval: 2.5 % of the flat half.
  expect(wrong).toBeLessThanOrEqual(6);
  expect(
    forecast(
      hourly(30, () => 42),
      43,
      NOW,
    ).outlook,
  ).toEqual({ state: 'none', horizonDays: 300 });
});

test('a line without noise is foretold to the hour', () => {
  const { outlook, trend } = forecast(
    hourly(20, (day) => 10 + day),
    40,
    NOW,
  );
  expect(outlook).toMatchObject({ state: 'limit', horizonDays: 200 });
  if (outlook.state !== 'limit') return;
  for (const days of [outlook.earliest, outlook.days, outlook.latest]) expect(days).toBeCloseTo(10, 1);
  expect(trend?.growthPerDay.value).toBeCloseTo(1, 6);
  expect(trend?.samples).toBe(481);
});

test('what was purged once is not foretold to be purged again', () => {
  const { normal } = random(7);
  const history = hourly(40, (day) => (day < 25 ? 100 + 2 * day : 20 + 2 * day) + normal());
  const { outlook, trend } = forecast(history, 140, NOW);
  expect((NOW - (trend?.since ?? 0)) / DAY_MS).toBeLessThan(17);
  expect(trend?.growthPerDay.value).toBeCloseTo(2, 0);
  expect(outlook).toMatchObject({ state: 'limit' });
  if (outlook.state === 'limit') expect(Math.abs((outlook.days ?? 0) - 20)).toBeLessThan(3);
});

test('growth that became faster counts as it is now', () => {
  const { normal } = random(8);
  const history = hourly(60, (day) => 100 + day + Math.max(0, day - 40) * 9 + normal());
  const { trend } = forecast(history, 1_000, NOW);
  expect(trend?.growthPerDay.value).toBeCloseTo(10, 0);
});

test.each([
  ['no_data', [], 10],
  ['too_short', hourly(1, (day) => day).slice(2), 10],
  ['too_few', hourly(2, (day) => day).filter((_, hour) => hour % 12 === 0), 10],
  ['stale', hourly(10, (day) => day).filter(({ at }) => at < NOW - 3 * DAY_MS), 20],
  ['no_limit', hourly(10, (day) => day), null],
] as const)('says why nothing is known: %s', (reason, history, limit) => {
  expect(forecast(history, limit, NOW).outlook).toMatchObject({ state: 'unknown', reason });
});

test('says nothing of a time that the history is too short for', () => {
  const { outlook } = forecast(
    hourly(3, (day) => day),
    1_000,
    NOW,
  );
  expect(outlook).toEqual({ state: 'none', horizonDays: 30 });
  expect(outlookText(outlook)).toBe('no limit in sight within 30 days');
});

test('a resource at its limit is full, whatever its growth', () => {
  expect(
    forecast(
      hourly(10, () => 10),
      10,
      NOW,
    ).outlook,
  ).toEqual({ state: 'full' });
});

test('the band begins now, holds the curve, and grows wider', () => {
  const { normal } = random(9);
  const { band } = forecast(
    hourly(30, (day) => 100 + day + normal()),
    200,
    NOW,
  );
  expect(band[0]?.at).toBe(NOW);
  expect(band.every(({ low, mean, high }) => low < mean && mean < high)).toBe(true);
  // Days of the week differ in how well they are known.
  const width = (week: number) => (band[week * 7]?.high ?? 0) - (band[week * 7]?.low ?? 0);
  expect(width(10)).toBeGreaterThan(width(0));
});

test.each([
  [{ state: 'full' }, 'at its limit'],
  [
    { state: 'limit', earliest: 33.2, days: 41.9, latest: 51.1, horizonDays: 300 },
    'at its limit in 41 days (33 to 52)',
  ],
  [
    { state: 'limit', earliest: 0.5, days: 1.5, latest: null, horizonDays: 30 },
    'at its limit in 1 day (0 to more than 30)',
  ],
  [
    { state: 'limit', earliest: 12, days: null, latest: null, horizonDays: 30 },
    'not before 12 days, perhaps not within 30 days',
  ],
  [{ state: 'unknown', reason: 'no_data', message: 'nothing was measured yet' }, 'unknown: nothing was measured yet'],
] as const)('tells %o', (outlook, text) => {
  expect(outlookText(outlook)).toBe(text);
});

test('hours are means of their points, and values that are none are left out', () => {
  const points = [
    { at: HOUR_MS + 1, value: 4 },
    { at: 10, value: 1 },
    { at: HOUR_MS - 1, value: 3 },
    { at: 20, value: Number.NaN },
  ];
  expect(byHour(points)).toEqual([
    { at: 0, value: 2 },
    { at: HOUR_MS, value: 4 },
  ]);
  expect(spread([1, 2, 3, 4, 1_000])).toBeCloseTo(1.4826, 4);
});
