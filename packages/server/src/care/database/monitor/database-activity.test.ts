import { expect, test } from 'vitest';
import { type DatabaseCounters, databaseActivity } from './database-activity.ts';

const BEFORE: DatabaseCounters = {
  ...{ since: 'monday', hits: 100, reads: 10, commits: 5, rollbacks: 1, tempFiles: 0, tempBytes: 0 },
  ...{ deadlocks: 0, conflicts: 0 },
};

test('counters are told by their growth', () => {
  expect(databaseActivity(BEFORE, { ...BEFORE, hits: 150, deadlocks: 1 })).toEqual({
    ...{ hits: 50, reads: 0, commits: 0, rollbacks: 0, tempFiles: 0, tempBytes: 0, deadlocks: 1, conflicts: 0 },
  });
});

test.each([
  ['a reset that the server tells', { since: 'tuesday', hits: 200 }],
  ['a reset that is seen in a counter', { commits: 4 }],
])('%s: nothing is known of the interval', (_name, change) => {
  expect(databaseActivity(BEFORE, { ...BEFORE, ...change })).toBeUndefined();
});
