import { expect, test } from 'vitest';
import { progressLine } from './open.ts';

test.each<[number, number | null, string, number, string]>([
  [3, null, 'tables counted', 500, '3 tables counted'],
  [2 * 1_048_576, null, 'bytes dumped', 2_000, '2 MB dumped, 1 MB/s'],
  [1_048_576, 4 * 1_048_576, 'bytes fetched', 2_000, '25 %  1 MB of 4 MB fetched, 512 kB/s, 6 s left'],
  [1_048_576, 4 * 1_048_576, 'bytes of the log fetched', 500, '25 %  1 MB of 4 MB of the log fetched'],
  [0, 0, 'tables counted', 0, '0 tables counted'],
])('%d of %s %s after %d ms', (done, total, what, elapsed, line) => {
  expect(progressLine(done, total, what, elapsed)).toBe(line);
});
