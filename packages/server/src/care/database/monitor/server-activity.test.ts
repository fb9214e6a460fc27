import { expect, test } from 'vitest';
import { type ServerCounters, serverActivity } from './server-activity.ts';

const BEFORE: ServerCounters = { since: 'a', wal: 1_000, timed: 2, requested: 1, read: 500, written: 700 };

test('growth is told by the second, checkpoints by number', () => {
  const now = { since: 'a', wal: 4_000, timed: 3, requested: 4, read: 800, written: 700 };
  expect(serverActivity(BEFORE, now, 30)).toEqual({
    ...{ walRate: 100, readRate: 10, writeRate: 0 },
    ...{ timed: 1, requested: 3 },
  });
});

test.each<[string, Partial<ServerCounters>, number]>([
  ['a reset that the server tells', { since: 'b', wal: 9_000 }, 30],
  ['a counter that fell', { read: 0 }, 30],
  ['no time between', {}, 0],
])('nothing is told after %s', (_name, change, seconds) => {
  expect(serverActivity(BEFORE, { ...BEFORE, ...change }, seconds)).toBeUndefined();
});
