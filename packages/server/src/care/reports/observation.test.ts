import { expect, test } from 'vitest';
import { type Observation, rankTodo, scoreOf } from './observation.ts';

const seen = (code: Observation['code'], subject: string = code, more: Partial<Observation> = {}): Observation => ({
  ...{ code, subject, title: `Look at ${subject}`, reason: 'Because.', evidence: [], href: '/' },
  ...{ size: 0.5, reach: 0.1, fresh: true, ...more },
});

test('what people feel now comes before what they would feel after the next fault, and that before what costs time', () => {
  const codes = ['noisy_rule', 'backup_failed', 'job_failed', 'slower_route', 'monitor_down'] as const;
  expect(
    rankTodo(
      codes.map((code) => seen(code)),
      5,
    ).map(({ code }) => code),
  ).toEqual(['monitor_down', 'slower_route', 'backup_failed', 'job_failed', 'noisy_rule']);
});

test('three are named, of one subject one', () => {
  const ranked = rankTodo([
    seen('error_new', 'a'),
    seen('error_new', 'a', { size: 1 }),
    seen('error_new', 'b'),
    seen('error_new', 'c'),
    seen('error_new', 'd'),
  ]);
  expect(ranked.map(({ rank, subject }) => [rank, subject])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ]);
});

test('the score follows its formula and stays within 0 and 100', () => {
  expect(scoreOf(seen('slower_route', 'x', { size: 1, reach: 1 }))).toBeCloseTo(92);
  expect(scoreOf(seen('slower_route', 'x', { size: 0, reach: 0 }))).toBeCloseTo(92 * 0.6);
  expect(scoreOf(seen('slower_route', 'x', { size: 7, reach: null }))).toBeCloseTo(92 * (0.6 + 0.25 + 0.075));
  expect(scoreOf(seen('slower_route', 'x', { size: -7, reach: 0 }))).toBeCloseTo(92 * 0.6);
  expect(scoreOf(seen('slower_route', 'x', { size: 1, reach: 1, fresh: false }))).toBeCloseTo(92 * 0.7);
});

test('a larger one of a kind comes first, and what is new before what stood', () => {
  const ranked = rankTodo([
    seen('slower_route', 'small', { size: 0.2 }),
    seen('slower_route', 'large', { size: 0.9 }),
    seen('failing_route', 'old', { fresh: false }),
  ]);
  expect(ranked.map(({ subject }) => subject)).toEqual(['large', 'small', 'old']);
});
