import { expect, test } from 'vitest';
import { expandStatuses, expectedStatusShape, statusesInWords } from './status.ts';

test.each([
  [200, 1, '200'],
  [[200, 202], 2, '200 or 202'],
  ['2xx', 100, '200 to 299'],
  [['200-206', 304, 304], 8, '200 to 206 or 304'],
  [[301, 302, '2xx', 404], 103, '301, 302, 200 to 299 or 404'],
])('%o', (written, count, words) => {
  const statuses = expandStatuses(expectedStatusShape.parse(written));
  expect(statuses).toHaveLength(count);
  expect(statusesInWords(statuses)).toBe(words);
});

test.each([99, 600, '6xx', '200-', 'ok', []])('%o is refused', (written) => {
  expect(expectedStatusShape.safeParse(written).success).toBe(false);
});
