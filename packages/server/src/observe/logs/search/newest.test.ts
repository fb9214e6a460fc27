import { expect, it } from 'vitest';
import { stretchesOf } from './newest.ts';
import { parseLogQuery } from './query-language.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 30);
const day = { from: NOW - 1_440 * MINUTE, to: NOW };
const stretches = (query: string, range = day) => [...stretchesOf(range, parseLogQuery(query), NOW)];

it.each(['', 'level:error', 'level:error OR timeout', '-timeout'])(
  '%j goes back in stretches that cover the range without a gap',
  (query) => {
    const found = stretches(query);
    expect(found.map(({ from, to }) => (to - from) / MINUTE)).toEqual([15, 120, 960, 345]);
    expect([found[0]?.to, found.at(-1)?.from]).toEqual([day.to, day.from]);
    for (const [index, { from }] of found.slice(0, -1).entries()) expect(found[index + 1]?.to).toBe(from);
  },
);

it.each(['timeout', 'traceId:abc', 'level:error timeout', 'requestId:a OR traceId:b'])(
  '%j is found by an index at once',
  (query) => {
    expect(stretches(query)).toEqual([day]);
  },
);

it('a range that ends later than now begins with a quarter of an hour that has passed', () => {
  const [first] = stretches('', { ...day, to: NOW + 10 * MINUTE });
  expect(first?.from).toBe(NOW - 15 * MINUTE);
});

it('a short range is one stretch', () => {
  const range = { from: NOW - 5 * MINUTE, to: NOW };
  expect(stretches('', range)).toEqual([range]);
});
