import { expect, test } from 'vitest';
import { type Interval, type PastLoad, regressions, suspects } from './regressions.ts';
import { type StatementCounter, statementDeltas } from './statement-deltas.ts';

function counter(
  key: string,
  calls: number,
  total: number,
  since: string | null = null,
  squares: number | null = total,
): StatementCounter {
  return { key, id: key.split('/').at(-1) ?? key, query: `SELECT ${key}`, calls, rows: calls, total, squares, since };
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

test.each<[string, StatementCounter[], StatementCounter[], number | null]>([
  ['the spread grows too', [counter('1', 1, 2, null, 4)], [counter('1', 2, 5, null, 13)], 9],
  ['a spread that was not counted before', [counter('1', 1, 2, null, null)], [counter('1', 2, 5)], null],
  ['one of two roles whose spread is not counted', [], [counter('a/1', 2, 5), counter('b/1', 2, 5, null, null)], null],
  ['two roles', [], [counter('a/1', 2, 5), counter('b/1', 2, 5)], 10],
])('%s', (_name, before, now, squares) => {
  expect(statementDeltas(before, now).map((delta) => delta.squares)).toEqual([squares]);
});

/** What one statement did in the last minutes, each interval with its age in seconds and the mean of ten calls. */
function lately(...intervals: [age: number, mean: number][]): Interval[] {
  return intervals.map(([age, mean]) => ({
    at: NOW - age * 1_000,
    deltas: [{ id: '7', query: 'SELECT 1', calls: 10, rows: 10, total: 10 * mean, squares: null }],
  }));
}

const NOW = Date.UTC(2026, 0, 12);
const NOTHING: PastLoad = { id: '7', sameHourCalls: 0, sameHourMs: 0, lastDayCalls: 0, lastDayMs: 0 };
const sameHour = (calls: number, mean: number) => ({ sameHourCalls: calls, sameHourMs: calls * mean });
const lastDay = (calls: number, mean: number) => ({ lastDayCalls: calls, lastDayMs: calls * mean });

test.each<[string, Interval[], Partial<PastLoad>, number]>([
  ['ten times slower than in the same hour', lately([30, 20], [0, 20]), sameHour(9, 2), 1],
  ['ten times slower than in the last day', lately([0, 20]), lastDay(9, 2), 1],
  ['slow in the same hour too', lately([0, 20]), { ...sameHour(9, 20), ...lastDay(9, 2) }, 0],
  ['quick in the same hour, slow since yesterday', lately([0, 20]), { ...sameHour(9, 2), ...lastDay(9, 20) }, 1],
  ['two calls in the same hour say nothing', lately([0, 20]), { ...sameHour(2, 2), ...lastDay(9, 20) }, 0],
  ['nothing is known of the past', lately([0, 20]), {}, 0],
  ['twice as slow', lately([0, 40]), sameHour(9, 20), 0],
  ['slower by much but still quick', lately([0, 0.9]), sameHour(9, 0.01), 0],
  ['it was slow three minutes ago', lately([180, 20], [0, 2]), sameHour(9, 2), 0],
])('%s', (_name, intervals, past, found) => {
  expect(regressions(suspects(intervals, NOW), [{ ...NOTHING, ...past }], 'public')).toHaveLength(found);
});

test('what costs the most time more comes first', () => {
  const recent = [
    { id: '1', query: 'SELECT 1', calls: 10, mean: 100 },
    { id: '2', query: 'SELECT 2', calls: 1_000, mean: 20 },
  ];
  const past = recent.map(({ id }) => ({ ...NOTHING, id, ...sameHour(100, 2) }));
  const found = regressions(recent, past, 'public');
  expect(found.map(({ object }) => object)).toEqual(['query 2', 'query 1']);
  expect(found[0]?.message).toBe(
    '10 times slower than before: 20 ms on average in the last 1,000 calls, 2.0 ms at this hour in the last 7 days; that is 18 s more in two minutes. SELECT ?',
  );
});
