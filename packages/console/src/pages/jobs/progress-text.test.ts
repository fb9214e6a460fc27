import { expect, test } from 'vitest';
import { formatProgress } from './progress-text.ts';

const MB = 1_048_576;

test.each([
  [{ done: 3, total: null, what: 'tables counted' }, '3 tables counted'],
  [{ done: 3, total: 5, what: 'tables compared', perSecond: 1 }, '3 of 5 tables compared, 2 s left'],
  [{ done: MB, total: 4 * MB, what: 'bytes dumped', perSecond: null }, '1 MB of 4 MB dumped'],
  [{ done: MB, total: 4 * MB, what: 'bytes dumped', perSecond: MB }, '1 MB of 4 MB dumped, 1 MB/s, 3 s left'],
  [{ done: 4 * MB, total: 4 * MB, what: 'bytes dumped', perSecond: MB }, '4 MB of 4 MB dumped, 1 MB/s'],
])('%o', (progress, text) => {
  expect(formatProgress(progress).replaceAll(/[\u00a0\u202f]/g, ' ')).toBe(text);
});
