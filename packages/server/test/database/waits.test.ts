import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WaitSampler } from '../../src/care/database/monitor/wait-sampler.ts';
import { judgeWaits, WaitTally, type WaitTime } from '../../src/care/database/monitor/waits.ts';
import { readWaits } from '../../src/care/database/read/waits.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { open, run, startEmbeddedServer, type TestServer, until } from './server.ts';

const READ = { type: 'IO', event: 'DataFileRead', queryId: '7', query: 'SELECT 1' };

test('a sample stands for the time since the one before, statement by statement', () => {
  const tally = new WaitTally();
  tally.add([{ ...READ, query: "SELECT 'secret'", sessions: 3 }], 5);
  tally.add([{ ...READ, query: "SELECT 'other'", sessions: 1 }], 5);
  tally.add([{ ...READ, queryId: null, sessions: 1 }], 2);
  expect(tally.take()).toEqual([
    { ...READ, query: 'SELECT ?', seconds: 20 },
    { ...READ, queryId: null, query: 'SELECT ?', seconds: 2 },
  ]);
  expect(tally.take()).toEqual([]);
});

test.each<[string, Partial<WaitTime>, number, number, number]>([
  ['few sessions', {}, 3, 300, 0],
  ['many sessions', {}, 4, 300, 1],
  ['many, but not for long enough to know', {}, 9, 60, 0],
  ['many that wait for the application', { type: 'Client', event: 'ClientRead' }, 9, 300, 0],
  ['many that run', { type: 'CPU', event: 'CPU' }, 9, 300, 0],
])('%s', (_name, what, sessions, length, found) => {
  const times = [{ ...READ, ...what, seconds: sessions * length }];
  expect(judgeWaits([{ at: 1_000, length, times }], 2_000, DEFAULT_THRESHOLDS)).toHaveLength(found);
  expect(judgeWaits([{ at: 1_000, length, times }], 400_000, DEFAULT_THRESHOLDS)).toEqual([]);
});

let store: TelemetryServer;

beforeAll(async () => {
  store = await startTelemetryServer();
});

afterAll(() => store?.stop());

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
  });

  afterAll(() => server?.stop());

  test('five sessions behind one lock are what the database waits for, in the store and as a finding', async () => {
    const url = await server.createDatabase('waiting');
    await run(url, 'CREATE TABLE t (id int)');
    const holder = await open(url);
    await holder.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
    const waiters = await Promise.all(Array.from({ length: 5 }, () => open(url)));
    const waiting = waiters.map((client) => client.query("SELECT id FROM t WHERE 'secret' <> ''"));
    await until(async () => {
      const { rows } = await holder.query(
        "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND locktype = 'relation'",
      );
      return rows[0].n === 5;
    });
    const start = Date.UTC(2026, 0, 5);
    const clock = new FakeClock(start);
    const written: TelemetryRow[] = [];
    const writer = {
      async append(_relation: string, rows: readonly TelemetryRow[]) {
        written.push(...rows);
      },
    };
    const sampler = new WaitSampler({
      name: `main${major}`,
      service: 'app',
      writer,
      clock,
      thresholds: DEFAULT_THRESHOLDS,
    });
    const db = await connectMonitored('main', url);
    let found: Awaited<ReturnType<WaitSampler['write']>> = [];
    for (let look = 0; look <= 24; look++) {
      await sampler.look(db);
      if (look % 6 === 0) found = await sampler.write();
      await clock.advance(5_000);
    }
    expect(found).toMatchObject([
      {
        ...{ code: 'wait_event', severity: 'warning', object: 'wait Lock: relation' },
        message: expect.stringContaining('On average 5.0 sessions waited for Lock: relation'),
      },
    ]);
    expect(found[0]?.message).toContain('SELECT id FROM t WHERE ? <> ?');
    expect(JSON.stringify(written)).not.toContain('secret');
    await run(url, found[0]?.fix as string);
    await store.insert('database_wait_rows', written);
    const span = { from: start, to: start + 125_000 };
    const { items, points } = await readWaits(store.telemetry, `main${major}`, span);
    expect(items).toMatchObject([
      { type: 'Lock', event: 'relation', seconds: 600, sessions: 4.8, share: 1, statements: [{ seconds: 600 }] },
    ]);
    expect(points.map(({ sessions }) => sessions.Lock ?? 0).reduce((sum, value) => sum + value, 0)).toBeCloseTo(10);
    await holder.query('ROLLBACK');
    await Promise.all(waiting);
    await Promise.all([holder, ...waiters].map((client) => client.end()));
    await db.close();
  });
});
