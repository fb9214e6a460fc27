import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('measures each of several objects from its own beginning, and what was done before as no speed', () => {
  const pace = new Pace();
  expect(pace.perSecond(10, 'bytes fetched', 0)).toBeNull();
  expect(pace.perSecond(20, 'bytes fetched', 900)).toBeNull();
  expect(pace.perSecond(30, 'bytes fetched', 2_000)).toBe(10);
  // A second object, long after the first began.
  expect(pace.perSecond(0, 'bytes fetched', 60_000)).toBeNull();
  expect(pace.perSecond(200, 'bytes fetched', 62_000)).toBe(100);
  expect(pace.perSecond(300, 'tables counted', 70_000)).toBeNull();
});
