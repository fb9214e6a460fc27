import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Judged, judge, type MonitorStatus, type Observation, setPaused, UNCHECKED } from './judge.ts';

const policy = { retries: 1, recovery: 1, intervalMs: 60_000 };
const T0 = Date.UTC(2026, 0, 5, 10);

const LETTERS: Record<string, Observation> = {
  o: { verdict: 'up', reason: null },
  s: { verdict: 'degraded', reason: 'Slow.' },
  x: { verdict: 'down', reason: 'Refused.' },
  '?': { verdict: 'unknown', reason: 'No ping here.' },
  n: { verdict: 'network-down', reason: 'No network.' },
};

/** Plays observations, one letter each and a second apart, from a monitor that was never checked. */
function play(letters: string, rules: Partial<typeof policy> = {}): Judged[] {
  let status: MonitorStatus = UNCHECKED;
  return [...letters].map((letter, index) => {
    const judged = judge(status, LETTERS[letter]!, { ...policy, ...rules }, T0 + index * 1_000);
    status = judged.status;
    return judged;
  });
}

const states = (letters: string, rules = {}) => play(letters, rules).map(({ status }) => status.state);

const stories: [what: string, letters: string, rules: Partial<typeof policy>, expected: string[]][] = [
  ['the first good check is up', 'o', {}, ['up']],
  ['a first failure is not yet down', 'x', {}, ['pending']],
  ['two failures in a row are down', 'oxx', {}, ['up', 'up', 'down']],
  ['one failure alone is nothing', 'oxoxo', {}, ['up', 'up', 'up', 'up', 'up']],
  ['no retries: the first failure is down', 'ox', { retries: 0 }, ['up', 'down']],
  ['three retries', 'xxxx', { retries: 3 }, ['pending', 'pending', 'pending', 'down']],
  ['one good check ends it', 'xxo', {}, ['pending', 'down', 'up']],
  ['recovery wants several in a row', 'xxooxoo', { recovery: 2 }, ['pending', 'down', 'down', 'up', 'up', 'up', 'up']],
  ['a failure begins the recovery anew', 'xxoxoo', { recovery: 2 }, ['pending', 'down', 'down', 'down', 'down', 'up']],
  ['slow is degraded, and down comes from it', 'sxx', {}, ['degraded', 'degraded', 'down']],
  ['slow counts as good while recovering', 'xxs', {}, ['pending', 'down', 'degraded']],
  ['unknown is a state and forgets no failure', 'ox?x', {}, ['up', 'up', 'unknown', 'down']],
  ['unknown is not the end of an outage', 'xx?x', {}, ['pending', 'down', 'unknown', 'down']],
  ['after unknown an outage ends as it should', 'xx?oo', { recovery: 2 }, ['pending', 'down', 'unknown', 'down', 'up']],
  ['no network is a state of its own', 'onno', {}, ['up', 'network-down', 'network-down', 'up']],
  ['no network explains nothing away', 'oxnx', {}, ['up', 'up', 'network-down', 'down']],
];

describe('states', () => {
  test.each(stories)('%s: %s', (_what, letters, rules, expected) => {
    expect(states(letters, rules)).toEqual(expected);
  });

  test('since is the time of the change, and the reason follows the newest failure', () => {
    const [, , down, still, up] = play('oxxxo');
    expect(down?.status).toMatchObject({ state: 'down', since: T0 + 2_000, reason: 'Refused.' });
    expect(down?.transition).toEqual({ from: 'up', to: 'down', at: T0 + 2_000, reason: 'Refused.' });
    expect(still?.status.since).toBe(T0 + 2_000);
    expect(still?.transition).toBeNull();
    expect(up?.status).toMatchObject({ state: 'up', since: T0 + 4_000, reason: null });
  });

  test('a monitor that takes part of a recovery keeps the reason of its outage', () => {
    expect(play('xxo', { recovery: 2 })[2]?.status).toMatchObject({ state: 'down', reason: 'Refused.' });
  });
});

describe('re-checks', () => {
  const delays = (letters: string, rules = {}) => play(letters, rules).map(({ recheckInMs }) => recheckInMs);

  test('a suspicion is confirmed after 10 s, or an interval if that is shorter', () => {
    expect(delays('ox')).toEqual([null, 10_000]);
    expect(delays('ox', { intervalMs: 2_000 })).toEqual([null, 2_000]);
  });

  test('while it is down it is checked at least every 30 s, and a recovery is confirmed after 10 s', () => {
    expect(delays('oxx', { intervalMs: 300_000 })).toEqual([null, 10_000, 30_000]);
    expect(delays('xxoo', { recovery: 2, intervalMs: 300_000 })).toEqual([10_000, 30_000, 10_000, null]);
  });
});

describe('paused', () => {
  test('pausing forgets the counts; taking up again begins as pending', () => {
    const down = play('xx').at(-1)!.status;
    const paused = setPaused(down, true, T0 + 9_000);
    expect(paused.status).toMatchObject({ state: 'paused', since: T0 + 9_000, failures: 0, reason: null });
    expect(paused.transition).toEqual({ from: 'down', to: 'paused', at: T0 + 9_000, reason: null });
    expect(setPaused(paused.status, true, T0 + 10_000).transition).toBeNull();
    expect(setPaused(paused.status, false, T0 + 10_000).status).toMatchObject({ state: 'pending', failures: 0 });
  });
});

test('whatever is seen, the rules hold', () => {
  const letters = fc.array(fc.constantFrom(...Object.keys(LETTERS)), { maxLength: 60 });
  const rules = fc.record({
    retries: fc.integer({ min: 0, max: 4 }),
    recovery: fc.integer({ min: 1, max: 4 }),
    intervalMs: fc.constantFrom(1_000, 20_000, 60_000, 300_000),
  });
  fc.assert(
    fc.property(letters, rules, (seen, given) => {
      let before: MonitorStatus = UNCHECKED;
      const conclusive: string[] = [];
      for (const [index, judged] of play(seen.join(''), given).entries()) {
        const letter = seen[index]!;
        const { status, transition, recheckInMs } = judged;
        if ('osx'.includes(letter)) conclusive.push(letter === 'x' ? 'x' : 'o');
        const tail = (length: number) => conclusive.slice(-length);
        // Down begins only after retries + 1 failures in a row, and at once then.
        if (transition?.to === 'down' && before.state !== 'unknown' && before.state !== 'network-down') {
          expect(tail(given.retries + 1)).toEqual(Array(given.retries + 1).fill('x'));
        }
        if (
          conclusive.length > given.retries &&
          tail(given.retries + 1).every((one) => one === 'x') &&
          letter === 'x'
        ) {
          expect(status.state).toBe('down');
        }
        // It ends only after `recovery` good checks in a row, and at once then.
        if (before.state === 'down' && (status.state === 'up' || status.state === 'degraded')) {
          expect(tail(given.recovery)).toEqual(Array(given.recovery).fill('o'));
        }
        if (conclusive.length >= given.recovery && tail(given.recovery).every((one) => one === 'o') && letter !== 'x') {
          expect(status.state).not.toBe('down');
        }
        // A change of state is told exactly when there is one; `since` moves only then.
        expect(transition !== null).toBe(status.state !== before.state);
        if (before.since !== null && transition === null) expect(status.since).toBe(before.since);
        // Something is wrong exactly when a reason is given.
        expect(status.reason !== null).toBe(!['up', 'pending', 'paused'].includes(status.state));
        if (recheckInMs !== null) expect(recheckInMs).toBeLessThanOrEqual(given.intervalMs);
        before = status;
      }
    }),
    { numRuns: 2_000 },
  );
});
