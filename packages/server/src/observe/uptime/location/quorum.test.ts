import { expect, test } from 'vitest';
import { UNCHECKED } from '../judge.ts';
import type { LocationState } from './location-state.ts';
import { joinViews, staleAfter } from './quorum.ts';

const NOW = Date.UTC(2026, 0, 5, 10);
const STALE = 60_000;
const PLACES = ['fra', 'iad', 'syd'];

const LETTERS: Record<string, Partial<LocationState>> = {
  o: { state: 'up' },
  s: { state: 'degraded', reason: 'Slow.' },
  x: { state: 'down', reason: 'Refused.' },
  n: { state: 'network-down', reason: 'No network.' },
  '?': { state: 'unknown', reason: 'No ping here.' },
  '.': { state: 'pending' },
  // Seen long ago.
  O: { state: 'up', lastCheckedAt: NOW - STALE - 1 },
  X: { state: 'down', reason: 'Refused.', lastCheckedAt: NOW - STALE - 1 },
};

function viewsOf(letters: string): LocationState[] {
  return [...letters].flatMap((letter, index) =>
    letter === '-'
      ? []
      : [
          {
            ...UNCHECKED,
            location: PLACES[index]!,
            agent: 'a',
            durationMs: null,
            lastCheckedAt: NOW - 1_000,
            ...LETTERS[letter]!,
          },
        ],
  );
}

const join = (letters: string, quorum = 2) =>
  joinViews(viewsOf(letters), { locations: PLACES, quorum, staleMs: STALE }, NOW);

test.each<[letters: string, quorum: number, state: string, reason: string | null]>([
  ['ooo', 2, 'up', null],
  ['oos', 2, 'degraded', 'From syd: Slow.'],
  ['xoo', 2, 'degraded', 'Down from fra but not from iad and syd; 2 must agree: Refused.'],
  ['xxo', 2, 'down', 'Down from fra and iad (2 of 3 locations): Refused.'],
  ['xxo', 3, 'degraded', 'Down from fra and iad but not from syd; 3 must agree: Refused.'],
  ['xoo', 1, 'down', 'Down from fra (1 of 3 locations): Refused.'],
  // A place that is silent or cut off has no vote, for either side.
  ['xOo', 2, 'degraded', 'Down from fra but not from syd; 2 must agree: Refused.'],
  ['xXo', 2, 'degraded', 'Down from fra but not from syd; 2 must agree: Refused.'],
  ['xno', 2, 'degraded', 'Down from fra but not from syd; 2 must agree: Refused.'],
  ['ooX', 2, 'up', null],
  ['oOO', 2, 'up', null],
  // Too few report to agree: that is not up, and not down.
  ['xOO', 2, 'unknown', 'Down from fra, but only 1 of 3 locations reports and 2 must agree: Refused.'],
  ['xxO', 3, 'unknown', 'Down from fra and iad, but only 2 of 3 locations report and 3 must agree: Refused.'],
  ['OOO', 2, 'unknown', 'No location has reported for 60 s: fra, iad, syd.'],
  ['---', 2, 'unknown', 'No probe agent has reported from fra, iad, syd yet.'],
  ['nnn', 2, 'network-down', 'No place that reports has a network: fra, iad and syd.'],
  ['nnO', 2, 'network-down', 'No place that reports has a network: fra and iad.'],
  ['???', 2, 'unknown', 'From fra, iad and syd: No ping here.'],
  ['..-', 2, 'pending', null],
  ['o..', 2, 'up', null],
])('%s with a quorum of %i is %s', (letters, quorum, state, reason) => {
  expect(join(letters, quorum)).toEqual({ state, reason });
});

test('a place that the monitor no longer names has no vote', () => {
  const policy = { locations: ['fra'], quorum: 1, staleMs: STALE };
  expect(joinViews(viewsOf('oxx'), policy, NOW)).toEqual({ state: 'up', reason: null });
});

test('a place is silent after two intervals and a time limit, at least half a minute', () => {
  expect(staleAfter({ intervalMs: 60_000, timeoutMs: 30_000 })).toBe(150_000);
  expect(staleAfter({ intervalMs: 1_000, timeoutMs: 1_000 })).toBe(30_000);
});
