import { expect, it } from 'vitest';
import { stretchesOf } from './stretches.ts';

const WIDTHS = [21_600, 3_600, 900];

it('covers a range once with the fewest rows', () => {
  expect(stretchesOf(900, 900 + 86_400, WIDTHS)).toEqual([
    { width: 900, from: 900, to: 3_600 },
    { width: 3_600, from: 3_600, to: 21_600 },
    { width: 21_600, from: 21_600, to: 86_400 },
    { width: 900, from: 86_400, to: 87_300 },
  ]);
  expect(stretchesOf(3_600, 7_200, WIDTHS)).toEqual([{ width: 3_600, from: 3_600, to: 7_200 }]);
  expect(stretchesOf(900, 900, WIDTHS)).toEqual([]);
});

it('leaves no gap and overlaps nowhere, wherever a range begins and ends', () => {
  for (let from = 0; from <= 24; from += 1) {
    for (let to = from + 1; to <= 60; to += 1) {
      const stretches = stretchesOf(from * 900, to * 900, WIDTHS);
      const ends = stretches.map((stretch) => stretch.to);
      const joined = stretches.every(({ from: start }, i) => start === (ends[i - 1] ?? from * 900));
      const aligned = stretches.every(
        (one) => one.to > one.from && one.from % one.width === 0 && one.to % one.width === 0,
      );
      // The widest, and at most two of each narrower width beside it.
      const few = stretches.length <= 5;
      expect({ from, to, joined, aligned, few, end: ends.at(-1) }).toEqual({
        ...{ from, to, joined: true, aligned: true, few: true, end: to * 900 },
      });
    }
  }
});
