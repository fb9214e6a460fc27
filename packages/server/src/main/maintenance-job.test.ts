import { expect, test } from 'vitest';
import { MaintenanceRunner, StoredLedger } from '../care/database/index.ts';
import type { Job } from '../care/scheduler/index.ts';
import { FakeClock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import type { LiveConfig } from './live-config.ts';
import { maintenanceTarget } from './maintenance.ts';
import { maintenanceJobs } from './maintenance-job.ts';

const JITTER = 600_000;
const SLOT = Date.UTC(2026, 0, 5, 2);

/** The nightly job on a database that is away: what counts is when it is asked for. */
function rig(jitterMs = JITTER) {
  const clock = new FakeClock(SLOT);
  const asked: number[] = [];
  const live = {
    current: {
      databases: [{ name: 'main', broken: 'it is away', url: null }],
      maintenance: {
        database: null,
        broken: null,
        url: null,
        scheduled: true,
        jitterMs,
        timeZone: 'UTC',
        retention: [],
      },
    },
  } as unknown as LiveConfig;
  const nothing = { query: async () => [], transaction: async () => undefined } as unknown as Db;
  const target = (name: string) => {
    const { connect, ...rest } = maintenanceTarget(live.current, name);
    return {
      ...rest,
      connect() {
        asked.push(clock.now());
        return connect();
      },
    };
  };
  const runner = new MaintenanceRunner({ ledger: new StoredLedger(nothing, async () => undefined), clock, target });
  const [job] = maintenanceJobs({ live, runner, clock }) as [Job];
  const begin = (slot: number | null, signal = new AbortController().signal) =>
    job
      .run({ runId: '1', slot, by: 'schedule', options: {}, signal, log: () => undefined, progress: () => undefined })
      .then(
        () => 'done',
        (error: Error) => error.message,
      );
  return { clock, asked, begin };
}

test('nights begin at different moments within the jitter, none later', async () => {
  const { clock, asked, begin } = rig();
  const delays: number[] = [];
  for (let night = 0; night < 60; night++) {
    const slot = clock.now();
    const ended = begin(slot);
    await clock.advance(JITTER);
    expect(await ended).toContain('cannot be used');
    delays.push((asked.at(-1) ?? 0) - slot);
  }
  expect(asked).toHaveLength(60);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(JITTER);
  expect(delays.filter((delay) => delay < JITTER / 2).length).toBeGreaterThan(5);
  expect(delays.filter((delay) => delay >= JITTER / 2).length).toBeGreaterThan(5);
});

test('a run that somebody asks for begins at once, and so does every one where there is no jitter', async () => {
  const byHand = rig();
  await byHand.begin(null);
  expect(byHand.asked).toEqual([SLOT]);
  const punctual = rig(0);
  const ended = punctual.begin(SLOT);
  await punctual.clock.advance(0);
  await ended;
  expect(punctual.asked).toEqual([SLOT]);
});

test('what is stopped while it waits for its moment never begins', async () => {
  const { clock, asked, begin } = rig();
  const stop = new AbortController();
  const ended = begin(SLOT, stop.signal);
  stop.abort(new Error('it was stopped'));
  expect(await ended).toBe('it was stopped');
  await clock.advance(JITTER);
  expect(asked).toEqual([]);
});
