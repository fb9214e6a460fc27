import { expect, test } from 'vitest';
import { FakeClock } from '../../../lib/clock.ts';
import { createLog } from '../../../lib/log.ts';
import type { DatabaseConfig } from '../config.ts';
import { firstRoundAfter, isDue, type Look, ROUND_MS, roundsToLeaveOut } from './looks.ts';
import { DatabaseWatch, type WatchContext } from './watch.ts';

const EVERY: [Look, number][] = [
  ['connections', 15],
  ['statements', 30],
  ['urgent', 60],
  ['catalogue', 300],
  ['slow', 600],
  ['sizes', 3_600],
];

test.each(EVERY)('%s are looked at every %i seconds, at any place, and in the first round', (look, seconds) => {
  for (const place of [0, 1, 7, 23]) {
    const rounds = Array.from({ length: 1_440 }, (_, number) => number).filter((number) =>
      isDue(look, { number, place }),
    );
    expect(rounds[0]).toBe(0);
    const gaps = rounds.slice(2).map((number, index) => (number - (rounds[index + 1] ?? 0)) * (ROUND_MS / 1_000));
    expect(new Set(gaps)).toEqual(new Set(gaps.length === 0 ? [] : [seconds]));
    expect((rounds[1] ?? 0) * (ROUND_MS / 1_000)).toBeLessThanOrEqual(seconds);
  }
});

test('the long looks of ten databases never fall into one round', () => {
  for (let number = 1; number < 720; number++) {
    const long = Array.from({ length: 10 }, (_, place) => isDue('slow', { number, place })).filter(Boolean);
    expect(long.length).toBeLessThanOrEqual(1);
  }
});

test('what is slow is looked at in rounds of urgent findings', () => {
  for (let number = 0; number < 720; number++) {
    if (isDue('slow', { number, place: 3 })) expect(isDue('urgent', { number, place: 3 })).toBe(true);
  }
});

test('a database that is away is tried again at the next sample of connections', () => {
  for (let number = 0; number < 12; number++) {
    const next = number + roundsToLeaveOut(number) + 1;
    expect(isDue('connections', { number: next, place: 0 })).toBe(true);
    expect(next - number).toBeLessThanOrEqual(3);
  }
});

test('the rounds of four databases begin apart, the first at once', async () => {
  const clock = new FakeClock();
  const begun: [string, number][] = [];
  const watch = new DatabaseWatch({
    ...{ clock, service: 'app', writer: { append: async () => undefined } },
    log: createLog(clock, () => undefined),
    connect: async (name: string) => {
      begun.push([name, clock.monotonic()]);
      throw new Error('it is away');
    },
  } as unknown as WatchContext);
  const names = ['a', 'b', 'c', 'd'];
  const url = { reveal: () => 'postgres://nowhere' };
  watch.start(names.map((name) => ({ name, url, broken: null }) as unknown as DatabaseConfig));
  await clock.advance(ROUND_MS - 1);
  await watch.stop();
  expect(begun).toEqual(names.map((name, place) => [name, place * 1_250]));
  expect(names.map((_, place) => firstRoundAfter(place, 4))).toEqual([0, 1_250, 2_500, 3_750]);
});
