import { expect, test } from 'vitest';
import { estimatePercentile } from './spread.ts';

/** What is counted of calls of these durations, and which of them is really at this place. */
function counted(durations: readonly number[]) {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return { calls: durations.length, total: sum(durations), squares: sum(durations.map((value) => value ** 2)) };
}

/** Evenly spaced quantiles of a normal distribution, by inverting its distribution function step by step. */
function normal(count: number): number[] {
  const found: number[] = [];
  let [z, below] = [-6, 0];
  const step = 1e-4;
  for (let place = 0; place < count; place++) {
    while (below < (place + 0.5) / count) {
      below += (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * step;
      z += step;
    }
    found.push(z);
  }
  return found;
}

test.each([0.2, 0.5, 1])('durations that are log-normal with spread %d are met', (sigma) => {
  const durations = normal(2_000).map((z) => 10 * Math.exp(sigma * z));
  const real = { p95: durations[1_900] as number, p99: durations[1_980] as number };
  const calls = counted(durations);
  expect(Math.abs((estimatePercentile(calls, 'p95') as number) / real.p95 - 1)).toBeLessThan(0.05);
  expect(Math.abs((estimatePercentile(calls, 'p99') as number) / real.p99 - 1)).toBeLessThan(0.1);
});

test('calls that all take the same have no slow ones', () => {
  expect(estimatePercentile(counted(Array.from({ length: 50 }, () => 12.34)), 'p99')).toBeCloseTo(12.34);
});

test.each([
  ['few calls', { calls: 19, total: 190, squares: 2_000 }],
  ['a spread that was not counted', { calls: 100, total: 1_000, squares: null }],
  ['counters that contradict each other', { calls: 100, total: 1_000, squares: 9_000 }],
  ['no time', { calls: 100, total: 0, squares: 0 }],
])('%s: unknown', (_name, calls) => {
  expect(estimatePercentile(calls, 'p95')).toBeNull();
});
