import { expect, test } from 'vitest';
import { FakeClock } from './clock.ts';
import { Loop } from './loop.ts';

test('runs when it asked to, at once when woken, and never twice at a time', async () => {
  const clock = new FakeClock();
  const runs: number[] = [];
  let inside = 0;
  const loop = new Loop(
    clock,
    async () => {
      expect(++inside).toBe(1);
      runs.push(clock.monotonic());
      await clock.sleep(10);
      inside--;
      return 1_000;
    },
    () => 0,
  );
  loop.start();
  await clock.advance(5);
  loop.wake();
  loop.wake();
  await clock.advance(1_100);
  expect(runs).toEqual([0, 10, 1_020]);
  loop.wake();
  const stopped = loop.stop();
  await clock.advance(5_000);
  await stopped;
  expect(runs).toHaveLength(4);
});

test('goes on after a failure, and counts those in a row', async () => {
  const clock = new FakeClock();
  const failures: number[] = [];
  let run = 0;
  const loop = new Loop(
    clock,
    async () => {
      run++;
      if (run !== 3) throw new Error('away');
      return 100;
    },
    (_error, count) => {
      failures.push(count);
      return 100;
    },
  );
  loop.start();
  await clock.advance(450);
  await loop.stop();
  expect(failures).toEqual([1, 2, 1, 2]);
});
