import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../lib/clock.ts';
import { RightOfWay } from './right-of-way.ts';

function scene() {
  const clock = new FakeClock();
  const way = new RightOfWay(clock);
  const passed: string[] = [];
  const pass = (name: string) => way.giveWay().then(() => void passed.push(name));
  let commit = () => {};
  const arrive = (count: number) =>
    way.take(
      count,
      () =>
        new Promise<void>((resolve) => {
          commit = resolve;
        }),
    );
  return { clock, passed, pass, arrive, commit: () => commit() };
}

describe('the right of way of intake', () => {
  test.each([0, 1, 99])('%i alerts that wait for their commit hold nothing up', async (count) => {
    const { arrive, pass, passed } = scene();
    void arrive(count);
    await pass('outcomes');
    expect(passed).toEqual(['outcomes']);
  });

  test('a flood is committed first', async () => {
    const { arrive, pass, passed, commit } = scene();
    const taken = arrive(100);
    const waiting = pass('outcomes');
    await Promise.resolve();
    expect(passed).toEqual([]);
    commit();
    await Promise.all([taken, waiting]);
    expect(passed).toEqual(['outcomes']);
  });

  test('a flood without an end holds work up for a tenth of a second', async () => {
    const { arrive, pass, passed, clock } = scene();
    void arrive(400);
    const waiting = pass('outcomes');
    await clock.advance(99);
    expect(passed).toEqual([]);
    await clock.advance(1);
    await waiting;
    expect(passed).toEqual(['outcomes']);
  });

  test('an intake that fails lets work go on', async () => {
    const { clock, passed, pass } = scene();
    const way = new RightOfWay(clock);
    await expect(way.take(500, () => Promise.reject(new Error('the store is away')))).rejects.toThrow('away');
    await way.giveWay();
    await pass('outcomes');
    expect(passed).toEqual(['outcomes']);
  });
});
