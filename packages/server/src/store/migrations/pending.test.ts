import { expect, test } from 'vitest';
import { pendingMigrations } from './pending.ts';

const files = [1, 2, 10].map((number) => ({ number, name: `step${number}`, sql: '', checksum: `sum${number}` }));
const applied = (...numbers: number[]) =>
  numbers.map((number) => ({ number, name: `step${number}`, checksum: `sum${number}` }));

test.each([
  [[], [1, 2, 10]],
  [[1], [2, 10]],
  [[1, 10], [2]],
  [[1, 2, 10], []],
])('with %j applied, %j are pending', (have, expected) => {
  expect(pendingMigrations('state', files, applied(...have)).map(({ number }) => number)).toEqual(expected);
});

test('a schema that is newer than the release is refused by name', () => {
  expect(() => pendingMigrations('state', files, applied(1, 2, 10, 11))).toThrow(
    '000011_step11, which this release does not know',
  );
});

test('a file that changed since is refused by name', () => {
  expect(() => pendingMigrations('state', files, [{ number: 2, name: 'step2', checksum: 'other' }])).toThrow(
    'Migration 000002_step2 of the state store differs',
  );
});
