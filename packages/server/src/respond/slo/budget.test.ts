import { expect, test } from 'vitest';
import { attained, budgetFor, budgetHistory, timeToExhaustion, timeToPage } from './budget.ts';
import { budgetOf, DEFAULT_PAIRS } from './slo.ts';

const DAY = 86_400_000;
const SLO = { target: 99.9, windowMs: 30 * DAY };

test.each([
  [99.9, 0.001],
  [99.95, 0.0005],
  [99.99, 0.0001],
  [99, 0.01],
  [95.5, 0.045],
])('a target of %s %% leaves %s, without the noise of binary fractions', (target, budget) => {
  expect(budgetOf({ target })).toBe(budget);
});

test('a budget counts events, and can be overdrawn', () => {
  expect(budgetFor(SLO, { total: 100_000, bad: 25 })).toEqual({ allowed: 100, spent: 25, remaining: 0.75 });
  expect(budgetFor(SLO, { total: 100_000, bad: 250 }).remaining).toBe(-1.5);
  expect(budgetFor(SLO, { total: 0, bad: 0 }).remaining).toBe(1);
});

test('one bad event is seen in what was attained', () => {
  expect(attained({ total: 10_000_000, bad: 1 })).toBe(99.999);
  expect(attained({ total: 0, bad: 0 })).toBeNull();
});

test('the time to the first page of an outage is that of the vector: 51.84 s, 129.6 s, 259.2 s and 259.2 s', () => {
  expect(DEFAULT_PAIRS.map((pair) => timeToPage(SLO, pair, 1))).toEqual([51_840, 129_600, 259_200, 259_200]);
  expect(timeToPage(SLO, DEFAULT_PAIRS[0]!, 0.01)).toBeNull();
});

test('a budget that burns at its own rate lasts its whole window', () => {
  const half = budgetFor(SLO, { total: 100_000, bad: 50 });
  expect(timeToExhaustion(SLO, half, 1)).toBe(15 * DAY);
  expect(timeToExhaustion(SLO, half, 0.1)).toBeNull();
  expect(timeToExhaustion(SLO, half, 0)).toBeNull();
  expect(timeToExhaustion(SLO, budgetFor(SLO, { total: 1_000, bad: 1 }), 3)).toBe(0);
});

test('history moves the window along: a bad day leaves it after its length', () => {
  const today = Date.UTC(2026, 0, 20);
  const slo = { target: 99, windowMs: 7 * DAY };
  const counted = new Map([
    [today - 9 * DAY, { total: 1_000, bad: 5 }],
    [today - 1 * DAY, { total: 1_000, bad: 0 }],
  ]);
  const history = budgetHistory(slo, counted, today + 3_600_000, 5);
  expect(history).toEqual([
    { day: '2026-01-16', attained: null, remaining: 0.5 },
    { day: '2026-01-17', attained: null, remaining: 0.5 },
    { day: '2026-01-18', attained: null, remaining: null },
    { day: '2026-01-19', attained: 100, remaining: 1 },
    { day: '2026-01-20', attained: null, remaining: 1 },
  ]);
});
