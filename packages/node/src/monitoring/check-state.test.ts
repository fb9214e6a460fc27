import { expect, it } from 'vitest';
import { CheckRunner } from './check-runner.ts';
import { type CheckState, nextState, statusAt } from './check-state.ts';
import type { CheckRules, HealthStatus } from './health-check.ts';

const LETTERS: Record<string, HealthStatus> = { h: 'healthy', d: 'degraded', u: 'unhealthy' };

it.each<[CheckRules, string, string]>([
  [{}, 'huhdu', 'huhdu'],
  [{ failAfter: 3 }, 'huuhuuuh', 'hhhhhhuh'],
  [{ failAfter: 2 }, 'uhuu', 'uhhu'],
  [{ passAfter: 2 }, 'uhuhhd', 'uuuuhd'],
  [{ failAfter: 2, passAfter: 3 }, 'hduuhhuhhh', 'hdduuuuuuh'],
])('with %j the results %s are told as %s', (rules, results, told) => {
  let state: CheckState | undefined;
  const shown = [...results].map((letter, at) => {
    state = nextState(state, LETTERS[letter] as HealthStatus, at, rules);
    return statusAt(state, at, rules).status[0];
  });
  expect(shown.join('')).toBe(told);
});

it('a pass that is too old is degraded', () => {
  const rules = { failAfter: 10, maxAge: 30_000 };
  let state = nextState(undefined, 'healthy', 0, rules);
  expect(statusAt(state, 30_000, rules).status).toBe('healthy');
  state = nextState(state, 'unhealthy', 30_001, rules);
  expect(statusAt(state, 30_001, rules)).toEqual({ status: 'degraded', reason: 'no pass for 30 s' });
  expect(statusAt(nextState(state, 'healthy', 31_000, rules), 31_000, rules)).toEqual({
    status: 'healthy',
    reason: undefined,
  });
});

it('in the background callers wait for the first result alone', async () => {
  let runs = 0;
  const ends: (() => void)[] = [];
  const run = () => {
    runs++;
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const runner = new CheckRunner({ name: 'x', run, interval: 1 });
  const first = runner.result();
  expect(runs).toBe(1);
  ends[0]?.();
  expect((await first).check.status).toBe('healthy');
  // The next run hangs: the last result is told all the same.
  await expect.poll(() => runs).toBe(2);
  expect((await runner.result()).check.status).toBe('healthy');
  runner.stop();
  ends[1]?.();
  await Promise.resolve();
  expect(runs).toBe(2);
});
