import { expect, it } from 'vitest';
import { bucketTimes } from './histogram-times.ts';

it('a range in which nothing was found keeps its times, so that what is dragged over is not the year 1970', () => {
  const range = { from: '2026-11-30T19:00:00.000Z', to: '2026-11-30T19:03:00.000Z', stepMs: 60_000 };
  expect(bucketTimes(range)).toEqual([0, 1, 2].map((minute) => Date.UTC(2026, 10, 30, 19, minute)));
});
