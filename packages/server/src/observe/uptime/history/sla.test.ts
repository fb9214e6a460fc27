import { expect, test } from 'vitest';
import { stepFor } from './durations.ts';
import { periodsAt } from './sla.ts';

const NOW = Date.UTC(2026, 2, 1, 0, 30);

test('the periods are the last days and the last twelve months; the month that runs ends now', () => {
  const periods = periodsAt(NOW);
  expect(periods.map(({ period }) => period).slice(0, 6)).toEqual([
    '7d',
    '30d',
    '90d',
    '2026-03',
    '2026-02',
    '2026-01',
  ]);
  expect(periods).toHaveLength(15);
  expect(periods.at(-1)?.period).toBe('2025-04');
  expect(periods[3]).toEqual({ period: '2026-03', from: Date.UTC(2026, 2, 1), to: NOW });
  expect(periods[4]).toEqual({ period: '2026-02', from: Date.UTC(2026, 1, 1), to: Date.UTC(2026, 2, 1) });
});

test.each([
  [3_600_000, 60],
  [86_400_000, 900],
  [7 * 86_400_000, 3_600],
  [30 * 86_400_000, 21_600],
])('a span of %i ms has points of %i s', (span, step) => {
  expect(stepFor(span)).toBe(step);
});
