import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDatabase } from '../../src/care/database/check-database.ts';
import {
  readConnectionHistory,
  readConnections,
  readGrowth,
  readHistory,
  readLoads,
  readRecentActivity,
  readServerLoad,
} from '../../src/care/database/index.ts';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { open, run, startEmbeddedServer, type TestServer, until } from './server.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 12, 9);
const GB = 1_024 ** 3;
const TABLES: Readonly<Record<string, string>> = {
  metrics: 'metric_rows',
  database_samples: 'database_sample_rows',
  database_sizes: 'database_size_rows',
};

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

  /** A database that is sampled by a clock of the test into the real store. */
  async function sampling(name: string) {
    const url = await server.createDatabase(name);
    await run(url, 'CREATE EXTENSION pg_stat_statements');
    const clock = new FakeClock(START);
    const known = `${name}${major}`;
    const writer = {
      append: (relation: string, rows: readonly Record<string, unknown>[]) =>
        store.insert(TABLES[relation] as string, rows),
    };
    const sampler = new DatabaseSampler({ name: known, service: 'app', writer, clock, past: async () => [] });
    const db = await connectMonitored(known, url);
    return { url, clock, known, sampler, db };
  }

  test('a deadlock and rolled back work of an hour ago are found, and forgotten when their time is over', async () => {
    const { url, clock, known, sampler, db } = await sampling('counted');
    await run(url, 'CREATE TABLE t (id int PRIMARY KEY, n int)', 'INSERT INTO t VALUES (1, 0), (2, 0)');
    const [one, other] = [await open(url), await open(url)];
    const codes = async (watched: boolean) => {
      const database = { name: 'main', profile: 'plain', exclude: [], capacity: null } as const;
      const thresholds = { ...DEFAULT_THRESHOLDS, rollbacks_least: 5, rollbacks: 0.01 };
      const activity = () => readRecentActivity(store.telemetry, known, clock.now());
      const found = await checkDatabase({ ...database, thresholds }, db, watched ? { activity } : {});
      return found.filter(({ code }) => code === 'deadlocks' || code === 'rollbacks').map(({ message }) => message);
    };
    expect(await sampler.sampleServer(db)).toEqual([]);
    for (const client of [one, other]) await client.query('BEGIN');
    await one.query('UPDATE t SET n = 1 WHERE id = 1');
    await other.query('UPDATE t SET n = 1 WHERE id = 2');
    await Promise.allSettled([
      one.query('UPDATE t SET n = 1 WHERE id = 2'),
      other.query('UPDATE t SET n = 1 WHERE id = 1'),
    ]);
    for (const client of [one, other]) await client.query('ROLLBACK');
    for (let time = 0; time < 5; time++) await one.query('BEGIN; ROLLBACK');
    await Promise.all([one.end(), other.end()]);
    // The sessions tell what they counted when they end, or a little later.
    await until(async () => (await codes(false)).length === 2);
    await clock.advance(30_000);
    expect(await sampler.sampleServer(db)).toEqual([]);
    // Less than an hour is stored: all that is known is what the server counted since the reset.
    expect(await codes(true)).toEqual([
      expect.stringMatching(/^One deadlock in the .* since the statistics were reset/),
      expect.stringMatching(/ since the statistics were reset\./),
    ]);
    await clock.advance(50 * MINUTE);
    await sampler.sampleServer(db);
    await clock.advance(9 * MINUTE + 40_000);
    await sampler.sampleServer(db);
    await clock.advance(10_000);
    expect(await readRecentActivity(store.telemetry, known, clock.now())).toBeUndefined();
    await clock.advance(10_000);
    expect(await codes(true)).toEqual([
      expect.stringMatching(/^One deadlock in the last 24 hours/),
      expect.stringMatching(/ in the last hour\./),
    ]);
    await clock.advance(2 * HOUR);
    await sampler.sampleServer(db);
    expect(await codes(true)).toEqual([expect.stringMatching(/^One deadlock in the last 24 hours/)]);
    await clock.advance(DAY);
    await sampler.sampleServer(db);
    await clock.advance(HOUR + 1);
    expect(await codes(true)).toEqual([]);
    const { points } = await readServerLoad(store.telemetry, known, { from: START, to: START + HOUR });
    expect(points).toHaveLength(60);
    expect(points.reduce((sum, { deadlocks }) => sum + (deadlocks ?? 0), 0)).toBe(1);
    expect(points.reduce((sum, { rollbacks }) => sum + (rollbacks ?? 0), 0)).toBeGreaterThanOrEqual(6);
    expect(points[30]).toMatchObject({ walRate: null, cacheHit: null, commits: null });
    expect(points[0]?.cacheHit).toBeGreaterThan(0);
    await db.close();
  });

  test('who is connected is told by user, application and state, and kept', async () => {
    const { url, clock, known, sampler, db } = await sampling('who');
    await run(url, `CREATE ROLE "Odd ""name${major}" LOGIN SUPERUSER PASSWORD 'odd'`);
    const odd = new URL(url);
    odd.username = encodeURIComponent(`Odd "name${major}`);
    odd.password = 'odd';
    const clients = await Promise.all([open(odd.href), open(odd.href), open(url)]);
    await clients[0]?.query('BEGIN');
    const now = await readConnections(db);
    expect(now.usable).toBeGreaterThan(10);
    expect(now.groups).toContainEqual({ user: `Odd "name${major}`, application: 'app', state: 'idle', count: 1 });
    expect(now.groups).toContainEqual({
      ...{ user: `Odd "name${major}`, application: 'app', state: 'idle in transaction', count: 1 },
    });
    expect(now.groups.reduce((sum, { count }) => sum + count, 0)).toBe(now.total);
    await sampler.sampleServer(db);
    await clock.advance(30_000);
    await sampler.sampleServer(db);
    const span = { from: START, to: START + MINUTE };
    const [byUser] = await readConnectionHistory(store.telemetry, known, span, 'user');
    expect(byUser?.connections[`Odd "name${major}`]).toBe(2);
    const [byState] = await readConnectionHistory(store.telemetry, known, span, 'state');
    expect(byState?.connections['idle in transaction']).toBe(1);
    await Promise.all(clients.map((client) => client.end()));
    await db.close();
  });

  test('a table that grows is told with the day on which it has filled the disk', async () => {
    const { url, clock, known, sampler, db } = await sampling('growing');
    await run(
      url,
      'CREATE TABLE "Growing" (id int PRIMARY KEY, text text)',
      'CREATE TABLE still AS SELECT 1 AS id',
      'ANALYZE',
    );
    const client = await open(url);
    const size = async () =>
      (await client.query(`SELECT pg_total_relation_size('"Growing"')::float8 AS bytes`)).rows[0].bytes as number;
    const sizes: number[] = [];
    for (let step = 0; step < 9; step++) {
      await client.query(
        'INSERT INTO "Growing" SELECT i, repeat(md5(i::text), 10) FROM generate_series($1::int, $1::int + 499) i',
        [step * 500],
      );
      sizes.push(await size());
      expect(await sampler.sampleSizes(db, 'plain')).toEqual([]);
      await sampler.writeDisk({ used: 10 * GB + step, free: GB });
      await clock.advance(3 * HOUR);
    }
    const growth = await readGrowth(store.telemetry, known, {
      ...{ kind: 'table', objects: ['public."Growing"', 'public.still', 'public.gone'], at: clock.now() },
    });
    const day = (sizes[8] as number) - (sizes[0] as number);
    const found = growth.get('public."Growing"');
    expect(found?.growthPerDay).toBeGreaterThan(day * 0.8);
    expect(found?.growthPerDay).toBeLessThan(day * 1.2);
    expect(found?.fullInDays).toBeCloseTo(GB / (found?.growthPerDay as number));
    expect(growth.get('public.still')).toEqual({ growthPerDay: 0, fullInDays: null });
    expect(growth.has('public.gone')).toBe(false);
    const indexes = await readGrowth(store.telemetry, known, {
      ...{ kind: 'index', objects: ['public."Growing_pkey"'], at: clock.now() },
    });
    expect(indexes.get('public."Growing_pkey"')?.growthPerDay).toBeGreaterThan(0);
    const { disk } = await readServerLoad(store.telemetry, known, { from: clock.now() - HOUR, to: clock.now() });
    expect(disk).toMatchObject({ used: 10 * GB + 8, free: GB });
    expect(disk.fullInDays).toBeGreaterThan(0);
    await client.end();
    await db.close();
  });

  test('slow calls of a statement are estimated from how far its calls lie apart', async () => {
    const { url, clock, known, sampler, db } = await sampling('spread');
    const client = await open(url);
    await sampler.sampleStatements(db);
    let slowest = 0;
    for (let call = 0; call < 40; call++) {
      const begun = performance.now();
      await client.query(`SELECT pg_sleep(${call % 10 === 0 ? 0.2 : 0.001}) AS nap`);
      slowest = Math.max(slowest, performance.now() - begun);
    }
    await clock.advance(30_000);
    await sampler.sampleStatements(db);
    const span = { from: START, to: START + MINUTE };
    const load = (await readLoads(store.telemetry, known, span, 10)).find(({ query }) => query.includes('nap'));
    expect(load?.p95Ms).toBeGreaterThan((load?.meanMs as number) * 1.5);
    expect(load?.p99Ms).toBeGreaterThan(load?.p95Ms as number);
    expect(load?.p99Ms).toBeLessThan(slowest * 5);
    const history = await readHistory(store.telemetry, known, load?.id as string, span);
    expect(history[0]?.p95Ms).toBeCloseTo(load?.p95Ms as number);
    // Samples of before the spread was counted: unknown, not quick.
    await store.insert('database_sample_rows', [
      { timestamp: START + 40_000, database: known, queryId: load?.id, query: 'old', calls: 1, rows: 1, totalMs: 1 },
    ]);
    const [older] = await readLoads(store.telemetry, known, span, 1);
    expect(older).toMatchObject({ p95Ms: null, p99Ms: null });
    await client.end();
    await db.close();
  });
});
