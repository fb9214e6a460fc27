import { expect, test } from 'vitest';
import { progressLine } from './progress-line.ts';

const MB = 1_048_576;

test.each<[number, number | null, string, number | null, string]>([
  [3, null, 'tables counted', null, '3 tables counted'],
  [2 * MB, null, 'bytes dumped', MB, '2 MB dumped, 1 MB/s'],
  [MB, 4 * MB, 'bytes fetched', MB / 2, '25 %  1 MB of 4 MB fetched, 512 kB/s, 6 s left'],
  [MB, 4 * MB, 'bytes of the log fetched', null, '25 %  1 MB of 4 MB of the log fetched'],
  [4 * MB - 1, 4 * MB, 'bytes fetched', 2 * MB, '99 %  4 MB of 4 MB fetched, 2 MB/s, 1 s left'],
  [4 * MB, 4 * MB, 'bytes fetched', 2 * MB, '100 %  4 MB of 4 MB fetched, 2 MB/s'],
  [0, 0, 'tables counted', null, '0 tables counted'],
])('%d of %s %s at %s a second', (done, total, what, perSecond, line) => {
  expect(progressLine(done, total, what, perSecond)).toBe(line);
});
