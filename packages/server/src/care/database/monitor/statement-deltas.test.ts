import { expect, test } from 'vitest';
import { type Interval, regressions } from './regressions.ts';
import { type StatementCounter, statementDeltas } from './statement-deltas.ts';

function counter(key: string, calls: number, total: number, since: string | null = null): StatementCounter {
  return { key, id: key.split('/').at(-1) ?? key, query: `SELECT ${key}`, calls, rows: calls, total, since };
}

test.each<[string, StatementCounter[], StatementCounter[], [string, number, number][]]>([
  ['growth', [counter('1', 10, 100)], [counter('1', 12, 130)], [['1', 2, 30]]],
  ['nothing ran', [counter('1', 10, 100)], [counter('1', 10, 100)], []],
  ['a new statement', [], [counter('1', 3, 9)], [['1', 3, 9]]],
  ['a reset that is seen in the counter', [counter('1', 10, 100)], [counter('1', 2, 8)], [['1', 2, 8]]],
  ['a reset with more calls than before', [counter('1', 2, 100)], [counter('1', 3, 9)], [['1', 3, 9]]],
  ['a reset that the server tells', [counter('1', 2, 2, 'a')], [counter('1', 9, 9, 'b')], [['1', 9, 9]]],
  ['a statement that is gone', [counter('1', 2, 2)], [], []],
  [
    'two roles with one statement',
    [counter('a/7', 1, 1), counter('b/7', 5, 5)],
    [counter('a/7', 2, 3), counter('b/7', 9, 9)],
    [['7', 5, 6]],
  ],
])('%s', (_name, before, now, expected) => {
  expect(statementDeltas(before, now).map(({ id, calls, total }) => [id, calls, total])).toEqual(expected);
});

/** Intervals of 30 s; each mean lasts for so many of them. */
function history(...means: [mean: number, intervals: number][]): Interval[] {
  const values = means.flatMap(([mean, intervals]) => Array.from({ length: intervals }, () => mean));
  return values.map((mean, place) => ({
    at: (place + 1) * 30_000,
    deltas: [{ id: '7', query: 'SELECT 1', calls: 10, rows: 10, total: 10 * mean }],
  }));
}

test.each<[string, Interval[], number]>([
  ['ten times slower for a minute after three minutes', history([2, 6], [20, 4]), 1],
  ['as it always was', history([20, 12]), 0],
  ['twice as slow', history([20, 8], [40, 4]), 0],
  ['slower by much but still quick', history([0.01, 8], [0.9, 4]), 0],
  ['too little history', history([2, 1], [20, 3]), 0],
])('%s', (_name, intervals, found) => {
  expect(regressions(intervals, intervals.at(-1)?.at ?? 0, 'public')).toHaveLength(found);
});

test('a regression is seen within four minutes', () => {
  const seen = Array.from({ length: 8 }, (_, more) => history([2, 6], [20, more + 1])).findIndex(
    (intervals) => regressions(intervals, intervals.at(-1)?.at ?? 0, 'public').length > 0,
  );
  expect((seen + 1) * 30_000).toBeLessThanOrEqual(120_000);
});
