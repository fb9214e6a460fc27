import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Instance, newInstance, stepInstance, type Timing, type Verdict } from './instance.ts';

const TIMING: Timing = { forMs: 0, keepFiringForMs: 60_000, windowMs: 300_000, noData: 'nodata' };
const MINUTE = 60_000;

type Word = 'breach' | 'between' | 'clear' | 'insufficient' | 'nodata' | 'gone' | 'hold';

function verdict(kind: Word): Verdict {
  if (kind === 'breach' || kind === 'between' || kind === 'clear') return { kind, value: 1, sample: 1, reason: kind };
  if (kind === 'insufficient') return { kind, value: null, sample: 0, reason: kind };
  return { kind, reason: kind };
}

/** Steps once a minute; gives `state` or `state!transition` for each step. */
function run(words: readonly Word[], timing: Partial<Timing> = {}): string[] {
  let instance = newInstance('f', 'r', {}, 0);
  return words.map((word, minute) => {
    const step = stepInstance(instance, verdict(word), { ...TIMING, ...timing }, minute * MINUTE);
    instance = step.instance;
    return step.transition ? `${instance.state}!${step.transition}` : instance.state;
  });
}

describe('the state machine of an instance', () => {
  test.each<[string, Word[], Partial<Timing>, string[]]>([
    ['fires at once without `for`', ['clear', 'breach'], {}, ['inactive', 'firing!fired']],
    [
      'pending until `for` has passed, to the minute',
      ['breach', 'breach', 'breach'],
      { forMs: 2 * MINUTE },
      ['pending', 'pending', 'firing!fired'],
    ],
    [
      'a `for` shorter than the interval fires on the next evaluation',
      ['breach', 'breach'],
      { forMs: 1 },
      ['pending', 'firing!fired'],
    ],
    [
      'pending ends with the first value that is no breach, hold or not',
      ['breach', 'between', 'breach', 'breach'],
      { forMs: MINUTE, keepFiringForMs: 10 * MINUTE },
      ['pending', 'inactive', 'pending', 'firing!fired'],
    ],
    [
      'below the resolve threshold for the whole hold',
      ['breach', 'clear', 'clear'],
      {},
      ['firing!fired', 'firing', 'inactive!resolved'],
    ],
    [
      'a breach inside the hold starts it afresh',
      ['breach', 'clear', 'breach', 'clear', 'clear'],
      {},
      ['firing!fired', 'firing', 'firing', 'firing', 'inactive!resolved'],
    ],
    [
      'between the thresholds the hold starts afresh too',
      ['breach', 'clear', 'between', 'clear', 'clear'],
      {},
      ['firing!fired', 'firing', 'firing', 'firing', 'inactive!resolved'],
    ],
    ['too small a sample never fires', ['insufficient', 'insufficient'], {}, ['insufficient', 'insufficient']],
    [
      'too small a sample holds a firing alert for two windows',
      ['breach', 'insufficient', 'insufficient', 'insufficient'],
      { windowMs: MINUTE },
      ['firing!fired', 'firing', 'firing', 'insufficient!resolved'],
    ],
    [
      'no data never resolves',
      ['breach', 'nodata', 'nodata', 'nodata', 'clear', 'clear'],
      {},
      ['firing!fired', 'firing', 'firing', 'firing', 'firing', 'inactive!resolved'],
    ],
    ['no data is a state of its own', ['clear', 'nodata', 'clear'], {}, ['inactive', 'nodata', 'inactive']],
    [
      'no data as alerting honours `for`',
      ['nodata', 'nodata'],
      { noData: 'alerting', forMs: MINUTE },
      ['pending', 'firing!fired'],
    ],
    [
      'no data as ok resolves',
      ['breach', 'nodata', 'nodata'],
      { noData: 'ok' },
      ['firing!fired', 'firing', 'inactive!resolved'],
    ],
    ['no data as keep changes nothing', ['breach', 'nodata'], { noData: 'keep' }, ['firing!fired', 'firing']],
    ['a subject that is gone resolves at once', ['breach', 'gone'], {}, ['firing!fired', 'inactive!resolved']],
    ['hold changes nothing', ['breach', 'hold', 'hold'], {}, ['firing!fired', 'firing', 'firing']],
    [
      'fires again within the window: the same episode',
      ['breach', 'clear', 'clear', 'breach'],
      {},
      ['firing!fired', 'firing', 'inactive!resolved', 'firing!reopened'],
    ],
    [
      'fires again after the window: a new episode',
      ['breach', 'gone', 'clear', 'clear', 'clear', 'clear', 'clear', 'breach'],
      { windowMs: 0 },
      ['firing!fired', 'inactive!resolved', 'inactive', 'inactive', 'inactive', 'inactive', 'inactive', 'firing!fired'],
    ],
  ])('%s', (_name, words, timing, states) => {
    expect(run(words, timing)).toEqual(states);
  });

  test('raising `for` takes a firing alert back to pending with its episode open', () => {
    const fired = stepInstance(newInstance('f', 'r', {}, 0), verdict('breach'), TIMING, 0).instance;
    const raised = stepInstance(fired, verdict('breach'), { ...TIMING, forMs: 5 * MINUTE }, MINUTE);
    expect(raised).toMatchObject({ transition: null, instance: { state: 'pending', open: true, episode: 1 } });
    const again = stepInstance(raised.instance, verdict('breach'), { ...TIMING, forMs: 5 * MINUTE }, 5 * MINUTE);
    expect(again).toMatchObject({ transition: null, instance: { state: 'firing', open: true, episode: 1 } });
    const ended = stepInstance(raised.instance, verdict('clear'), { ...TIMING, forMs: 5 * MINUTE }, 2 * MINUTE);
    expect(ended).toMatchObject({ transition: 'resolved', instance: { state: 'inactive', open: false } });
  });

  const words = fc.array(
    fc.record({
      word: fc.constantFrom<Word>('breach', 'between', 'clear', 'insufficient', 'nodata', 'gone', 'hold'),
      wait: fc.integer({ min: 1, max: 400_000 }),
    }),
    { maxLength: 60 },
  );
  const timings = fc.record<Timing>({
    forMs: fc.constantFrom(0, 30_000, 200_000),
    keepFiringForMs: fc.constantFrom(0, 60_000, 500_000),
    windowMs: fc.constantFrom(30_000, 300_000, 900_000),
    noData: fc.constantFrom('ok', 'alerting', 'keep', 'nodata'),
  });

  test('over random verdicts: beginnings and ends alternate, and nothing begins without a breach', () => {
    fc.assert(
      fc.property(words, timings, (steps, timing) => {
        let instance: Instance = newInstance('f', 'r', {}, 0);
        let at = 0;
        for (const { word, wait } of steps) {
          at += wait;
          const before = instance;
          const { instance: after, transition } = stepInstance(before, verdict(word), timing, at);
          const breaches = word === 'breach' || (word === 'nodata' && timing.noData === 'alerting');
          expect(transition === 'resolved').toBe(before.open && !after.open);
          expect(transition === 'fired' || transition === 'reopened').toBe(!before.open && after.open);
          if (!before.open && after.open) expect(breaches).toBe(true);
          expect(after.episode - before.episode).toBe(transition === 'fired' ? 1 : 0);
          if (after.state === 'firing') expect(after.open).toBe(true);
          if (after.state === 'insufficient') expect(after.open).toBe(false);
          if (word === 'hold') expect({ ...after, reason: '' }).toEqual({ ...before, reason: '' });
          instance = after;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
