import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BusyDb, busyDb } from '../../../test/support/busy-db.ts';
import { type StateServer, startStateServer } from '../../../test/support/state-server.ts';
import { audit } from '../../access/audit.ts';
import { FakeClock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import type { Job, JobContext, JobResult } from './job.ts';
import { readRuns } from './run-store.ts';
import { Scheduler } from './scheduler.ts';

const MINUTE = 60_000;

let server: StateServer;
let db: BusyDb;
let clock: FakeClock;
let jobs: Job[];
const open: Scheduler[] = [];

beforeAll(async () => {
  server = await startStateServer();
});
afterAll(() => server.stop());

beforeEach(async () => {
  db = busyDb((await server.database()).db);
  clock = new FakeClock(Date.UTC(2026, 0, 5, 2, 59, 50));
  jobs = [];
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((scheduler) => scheduler.stop()));
  await server.closeDatabases();
});

function job(name: string, run: (context: JobContext) => Promise<JobResult>, more: Partial<Job> = {}): Job {
  const schedule = { pattern: '0 3 * * *', timeZone: 'UTC' };
  return { name, title: name, schedule, group: null, catchUp: 'latest', attempts: 2, run, ...more };
}

function scheduler(instance = 'one'): Scheduler {
  const log = createLog(clock, () => undefined);
  const made = new Scheduler({
    ...{ db, instance, clock, log },
    audit,
    jobs: () => jobs,
    now: async () => clock.now(),
  });
  open.push(made);
  return made;
}

/**
 * Moves the clock in small steps until `done`. It stands while a statement is under way: a slow database is neither a
 * lost sign of life nor a reason to give up. @throws after an hour on the clock
 */
async function until(done: () => Promise<boolean> | boolean, stepMs = 2_000): Promise<void> {
  const limit = clock.monotonic() + 60 * MINUTE;
  await db.idle();
  while (!(await done())) {
    if (clock.monotonic() > limit) throw new Error('it did not happen');
    await clock.advance(stepMs);
    await db.idle();
  }
}

const statuses = async (name: string) =>
  (await readRuns(db, name, 50)).map(({ status, reason, trigger }) => ({ status, reason, trigger }));
const ended = (name: string) => async () => (await readRuns(db, name, 1)).some(({ endedAt }) => endedAt !== null);

test('a job runs at its time, once, and leaves log, progress and summary', async () => {
  const slots: (number | null)[] = [];
  jobs = [
    job('nightly', async ({ slot, log, progress }) => {
      slots.push(slot);
      log('first');
      progress(1, 2, 'tables');
      return { summary: 'two tables', detail: { tables: 2 } };
    }),
  ];
  const one = scheduler();
  one.start();
  scheduler('two').start();
  await until(ended('nightly'));
  expect(slots).toEqual([Date.UTC(2026, 0, 5, 3)]);
  const state = await one.detail('nightly');
  expect(state.runs[0]).toMatchObject({
    ...{ status: 'succeeded', trigger: 'schedule', summary: 'two tables', detail: { tables: 2 } },
    progress: { done: 1, total: 2, what: 'tables' },
  });
  expect(state.nextAt).toBe(Date.UTC(2026, 0, 6, 3));
  expect((await one.run(state.runs[0]?.id ?? '')).log.map(({ text }) => text)).toEqual(['first']);
});

test('what was due while nothing ran is done once, and the rest is counted as missed', async () => {
  jobs = [job('nightly', async () => ({ summary: 'done' }))];
  const before = scheduler();
  before.start();
  await until(async () => (await db.query('SELECT 1 FROM job_schedules')).length > 0);
  await before.stop();
  clock.jump(3 * 86_400_000 + 30 * MINUTE);
  const after = scheduler();
  after.start();
  await until(async () => (await statuses('nightly')).some(({ status }) => status === 'succeeded'));
  expect(
    (await statuses('nightly')).map(({ status, reason, trigger }) => reason ?? `${status} ${trigger}`).sort(),
  ).toEqual(['missed', 'missed', 'missed', 'succeeded catch_up']);
});

test('jobs of one group wait for each other, and waiting is no problem', async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  jobs = [
    job('backup', () => gate.then(() => ({ summary: 'backed up' })), { group: 'heavy' }),
    job('maintenance', async () => ({ summary: 'vacuumed' }), { group: 'heavy' }),
  ];
  const one = scheduler();
  one.start();
  await until(async () => (await statuses('maintenance')).some(({ reason }) => reason === 'waits for backup'));
  const later = clock.now() + 5 * MINUTE;
  await until(() => clock.now() >= later, 5_000);
  expect((await one.problems()).filter(({ job: name }) => name === 'maintenance')).toEqual([]);
  release();
  await until(ended('maintenance'));
  expect((await statuses('maintenance'))[0]).toEqual({ status: 'succeeded', reason: null, trigger: 'schedule' });
});

test('a failure is kept with its code and hint, and is a problem until the next good run', async () => {
  let fail = true;
  jobs = [
    job('nightly', async () => {
      if (fail) throw new YumOpsError('disk_full', 'The disk is full.', { hint: 'Make room.' });
      return { summary: 'ok' };
    }),
  ];
  const one = scheduler();
  one.start();
  await until(ended('nightly'));
  expect((await one.detail('nightly')).runs[0]?.error).toEqual({
    code: 'disk_full',
    message: 'The disk is full.',
    hint: 'Make room.',
  });
  expect(await one.problems()).toMatchObject([{ code: 'failed', message: 'nightly failed: The disk is full.' }]);
  await until(() => one.seenProblems().length === 1);
  fail = false;
  await one.runNow('nightly', 'ada');
  await until(ended('nightly'));
  expect(await one.problems()).toEqual([]);
  await until(() => one.seenProblems().length === 0);
});

test('a run by hand is audited, refused while one goes on, and can be cancelled', async () => {
  const stopped: unknown[] = [];
  jobs = [
    job(
      'long',
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            stopped.push(signal.reason);
            reject(signal.reason);
          });
        }),
      { schedule: null },
    ),
  ];
  const one = scheduler();
  const run = await one.runNow('long', 'ada', { dryRun: true });
  await expect(one.runNow('long', 'bob')).rejects.toMatchObject({ code: 'job_active', status: 409 });
  await expect(one.runNow('none', 'bob')).rejects.toMatchObject({ code: 'unknown_job', status: 404 });
  await one.cancel(run.id, 'bob');
  await until(ended('long'));
  expect((await one.detail('long')).runs[0]).toMatchObject({
    status: 'cancelled',
    reason: 'cancelled by bob',
    options: { dryRun: true },
  });
  expect(stopped).toHaveLength(1);
  await expect(one.cancel(run.id, 'bob')).rejects.toMatchObject({ code: 'run_over' });
  expect(await db.query('SELECT actor, action FROM audit_log ORDER BY id')).toEqual([
    { actor: 'ada', action: 'job.run' },
    { actor: 'bob', action: 'job.cancel' },
  ]);
});

test('a run that was cancelled and says what it left undone counts as cancelled; its words are kept', async () => {
  jobs = [
    job(
      'tiers',
      ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ ok: false, summary: 'one of two is made' }));
        }),
      { schedule: null },
    ),
  ];
  const one = scheduler();
  const run = await one.runNow('tiers', 'ada');
  await one.cancel(run.id, 'bob');
  await until(ended('tiers'));
  expect((await one.detail('tiers')).runs[0]).toMatchObject({
    ...{ status: 'cancelled', reason: 'cancelled by bob', summary: 'one of two is made' },
  });
});

test.each([
  ['the same instance, started again', 'one', 0],
  ['another instance, after a minute of silence', 'two', 61_000],
])('a run whose instance is gone is begun again by %s, and given up after its attempts', async (_, name, silence) => {
  let begun = 0;
  jobs = [
    job('nightly', ({ signal }) => {
      begun += 1;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }),
  ];
  const first = scheduler('one');
  first.start();
  await until(() => begun === 1);
  await first.stop();
  await clock.advance(silence);
  const second = scheduler(name);
  second.start();
  await until(() => begun === 2);
  await second.stop();
  await clock.advance(silence);
  const third = scheduler(name === 'one' ? 'one' : 'three');
  third.start();
  await until(async () => (await statuses('nightly')).filter(({ status }) => status === 'lost').length === 2);
  const later = clock.now() + 5_000;
  await until(() => clock.now() >= later);
  expect(begun).toBe(2);
  expect(await third.problems()).toMatchObject([{ code: 'lost' }]);
});
