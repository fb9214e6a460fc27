import { expect, test } from 'vitest';
import { uuidv7 } from '../../../lib/random.ts';
import { timeOfUuid, tooMany } from './thin.ts';

const START = Date.UTC(2026, 0, 5, 10);

test('an id tells its time', () => {
  expect(timeOfUuid(uuidv7(START))).toBe(START);
});

test('few files all stay', () => {
  expect(tooMany(Array.from({ length: 20 }, (_, index) => uuidv7(START + index * 1_000)))).toEqual([]);
});

test('of many the newest twenty stay, and the first of each hour before', () => {
  // One every 30 s for three hours: 360 files.
  const ids = Array.from({ length: 360 }, (_, index) => uuidv7(START + index * 30_000));
  const gone = new Set(tooMany(ids.toReversed()));
  const kept = ids.filter((id) => !gone.has(id));
  expect(kept.slice(0, 3)).toEqual([ids[0], ids[120], ids[240]]);
  expect(kept.slice(3)).toEqual(ids.slice(-20));
});

test('a monitor that fails for weeks keeps a bounded number, the newest', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => uuidv7(START + index * 3_600_000));
  const gone = new Set(tooMany(ids));
  expect(ids.filter((id) => !gone.has(id))).toEqual(ids.slice(-400));
});
