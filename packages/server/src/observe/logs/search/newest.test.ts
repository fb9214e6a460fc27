import { expect, it } from 'vitest';
import { newestRows, pageStretchesOf, type Stretch, stretchesOf } from './newest.ts';
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

const pageStretches = (query: string, range = day) => pageStretchesOf(range, parseLogQuery(query), NOW);

it.each(['timeout', 'level:error timeout', 'traceId:abc', 'traceId:abc timeout', 'requestId:a OR traceId:b'])(
  '%j is found by an index at once',
  (query) => {
    expect(stretches(query)).toEqual([day]);
  },
);

it.each(['traceId:abc', 'traceId:abc timeout', 'requestId:a OR traceId:b'])(
  '%j leaves a few rows: one question',
  (query) => {
    expect(pageStretches(query)).toEqual([day]);
  },
);

it.each(['timeout', 'level:error timeout', 'traceId:abc OR timeout'])(
  '%j may be rare or common: its newest stretch and the whole',
  (query) => {
    expect(pageStretches(query)).toEqual([{ from: NOW - 15 * MINUTE, to: NOW }, day]);
    const short = { from: NOW - 5 * MINUTE, to: NOW };
    expect(pageStretches(query, short)).toEqual([short]);
  },
);

it.each([
  ['common', 3, ['near', 'near', 'near'], true],
  ['rare', 1, ['whole'], false],
])(
  'a %s word: both are asked at once, and the whole is given up when the newest stretch has enough',
  async (_, found, rows, givenUp) => {
    const begun: string[] = [];
    let stopped = false;
    const ask = async (stretch: Stretch, limit: number, signal?: AbortSignal): Promise<string[]> => {
      const name = stretch.from === day.from ? 'whole' : 'near';
      begun.push(name);
      if (name === 'near') return new Array<string>(Math.min(found, limit)).fill('near');
      if (!givenUp) return ['whole'];
      return new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => {
          stopped = true;
          reject(signal.reason);
        }),
      );
    };
    expect(await newestRows(ask, pageStretches('word'), 3)).toEqual(rows);
    expect(begun.toSorted()).toEqual(['near', 'whole']);
    expect(stopped).toBe(givenUp);
  },
);

it('a failure of either is told', async () => {
  const failing = (name: string) => async (stretch: Stretch) => {
    if ((stretch.from === day.from ? 'whole' : 'near') === name) throw new Error(name);
    return [];
  };
  await expect(newestRows(failing('near'), pageStretches('word'), 3)).rejects.toThrow('near');
  await expect(newestRows(failing('whole'), pageStretches('word'), 3)).rejects.toThrow('whole');
});

it('a range that ends later than now begins with a quarter of an hour that has passed', () => {
  const [first] = stretches('', { ...day, to: NOW + 10 * MINUTE });
  expect(first?.from).toBe(NOW - 15 * MINUTE);
});

it('a short range is one stretch', () => {
  const range = { from: NOW - 5 * MINUTE, to: NOW };
  expect(stretches('', range)).toEqual([range]);
});
