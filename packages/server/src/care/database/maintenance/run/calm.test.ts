import { expect, test } from 'vitest';
import { FakeClock } from '../../../../lib/clock.ts';
import type { Worksite } from '../action.ts';
import { waitUntilCalm } from './calm.ts';

const CALM = { active: 0, lag: null, dump: null, oldest: null, oldestPid: null };

/** A place to work where each look at the server gives the next of these. */
function site(looks: readonly object[], patience: number, told: (string | null)[] = []): Worksite {
  let look = 0;
  return {
    db: { query: async () => [looks[Math.min(look++, looks.length - 1)]] },
    server: { readsAllStatistics: true },
    settings: { maxActiveSessions: 50, maxReplicaLag: 30_000, patience },
    clock: new FakeClock(0),
    waits: (why: string | null) => void told.push(why),
    signal: new AbortController().signal,
  } as unknown as Worksite;
}

test.each([
  ['nothing is in its way', {}, null],
  ['as many sessions as may be', { active: 50 }, null],
  ['more sessions than may be', { active: 51 }, 'the server is busy: 51 sessions are at work'],
  ['a standby that keeps up', { lag: 30 }, null],
  ['a standby that does not', { lag: 31 }, 'a standby is 31 s behind'],
  ['a base backup', { dump: 'a base backup (pid 7)' }, 'a base backup (pid 7) copies the database just now'],
  ['a young transaction', { oldest: 29, oldestPid: 9 }, null],
  ['an old transaction', { oldest: 90, oldestPid: 9 }, 'a transaction of pid 9 has been open for 90 s'],
])('%s', async (_name, row, why) => {
  const told = await waitUntilCalm(site([{ ...CALM, ...row }], 0), { withoutOldTransactions: true });
  expect(told).toBe(why);
});

test('it goes on as soon as the server has room again', async () => {
  const told: (string | null)[] = [];
  const place = site([{ ...CALM, active: 80 }, { ...CALM, active: 80 }, CALM], 60_000, told);
  const waited = waitUntilCalm(place);
  await (place.clock as FakeClock).advance(10_000);
  expect(await waited).toBeNull();
  const busy = 'the server is busy: 80 sessions are at work';
  expect(told).toEqual([busy, busy, null]);
});
