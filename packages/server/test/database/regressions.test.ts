import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDatabase } from '../../src/care/database/check-database.ts';
import { readRecent } from '../../src/care/database/index.ts';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { databaseRoutes } from '../../src/http/databases.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { open, run, startEmbeddedServer, type TestServer } from './server.ts';
import { storedSampling } from './stored-sampling.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 12, 9);

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

  async function sampling(name: string) {
    const url = await server.createDatabase(`${name}_${major}`);
    await run(url, 'CREATE EXTENSION pg_stat_statements');
    return { url, ...(await storedSampling(url, store, START)) };
  }

  test('notices a statement that gets ten times slower, and soon', async () => {
    const { url, nap, end } = await sampling('slower');
    for (let sample = 0; sample < 6; sample++) expect(await nap(20)).toEqual([]);
    let found = await nap(200);
    for (let sample = 0; sample < 3 && found.length === 0; sample++) found = await nap(200);
    expect(found).toMatchObject([{ code: 'regressed_query', severity: 'warning' }]);
    expect(found[0]?.message).toMatch(/times slower than before: .* ms before; .* SELECT pg_sleep\(\$1\) AS nap$/);
    await run(url, found[0]?.fix as string);
    await end();
  });

  test('a restart forgets nothing: the same hour of the days before is what counts, not the hour before', async () => {
    const { clock, nap, restart, end } = await sampling('hours');
    // Quick at nine; at noon it does more, every day.
    for (const ms of [4, 4, 4, 4]) await nap(ms);
    await clock.advance(START + 3 * HOUR - clock.now());
    for (const ms of [120, 120, 120, 120]) await nap(ms);
    await clock.advance(START + DAY + 3 * HOUR - clock.now());
    restart();
    for (const ms of [120, 120, 120, 120]) expect(await nap(ms)).toEqual([]);
    await clock.advance(START + 2 * DAY - clock.now());
    restart();
    await nap(120);
    expect(await nap(120)).toMatchObject([
      {
        code: 'regressed_query',
        message: expect.stringMatching(/ ms at this hour in the last 7 days; that is .* more/),
      },
    ]);
    // After eight days nobody knows what was usual at nine on the first.
    await clock.advance(START + 10 * DAY - clock.now());
    restart();
    await nap(120);
    expect(await nap(120)).toEqual([]);
    await end();
  });
});

test('a statement is slow by what it did in the last day, not by what it did since the statistics were reset', async () => {
  const server = await startEmbeddedServer(15);
  const url = await server.createDatabase('mended');
  await run(url, 'CREATE EXTENSION pg_stat_statements');
  const { clock, nap, end } = await storedSampling(url, store, START);
  for (const ms of [400, 400, 400]) await nap(ms);
  const db = await connectMonitored('main', url);
  const look = async () => {
    const limits = { very_slow_query_ms: 200 };
    const database = { name: 'main', profile: 'plain', exclude: [], capacity: null } as const;
    const found = await checkDatabase({ ...database, thresholds: { ...DEFAULT_THRESHOLDS, ...limits } }, db, {
      lately: () => readRecent(store.telemetry, url, clock.now() + 1),
    });
    return found.filter(({ code }) => code === 'slow_query').map(({ message }) => message);
  };
  expect(await look()).toEqual([expect.stringMatching(/ 6 times in the last 24 hours: .*pg_sleep/)]);
  await clock.advance(2 * DAY);
  // Nothing is stored of the last day: what the server counted itself is all that is known.
  expect(await look()).toEqual([expect.stringMatching(/ 9 times since the statistics were reset: .*pg_sleep/)]);
  for (const ms of [1, 1]) await nap(ms);
  expect(await look()).toEqual([]);
  await end();
  await db.close();
  await server.stop();
});

test('a span leads to its statement among those that were sampled, whatever its values and its comment', async () => {
  const server = await startEmbeddedServer(18);
  const url = await server.createDatabase('linked');
  await run(url, 'CREATE EXTENSION pg_stat_statements');
  const { clock, nap, end } = await storedSampling(url, store, START);
  for (const ms of [2, 2]) await nap(ms);
  const app = await createHttpServer({ log: createLog(clock, () => undefined), version: '0' });
  databaseRoutes(app, {
    ...{ guard: () => async () => undefined, clock, telemetry: store.telemetry },
    databases: () => [{ name: new URL(url).href }],
  } as never);
  const found = async (text: string) => {
    const path = `/api/v1/databases/${encodeURIComponent(new URL(url).href)}/queries`;
    const query = { from: String(START), to: String(clock.now() + 1), text, limit: '1' };
    const answer = await app.inject({ url: path, query });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json<{ items: { query: string; calls: number }[] }>().items.map(({ query: own }) => own);
  };
  const sampled = ['SELECT pg_sleep($1) AS nap'];
  expect(await found("SELECT pg_sleep(0.25) AS nap /*traceparent='00-1-2-01'*/")).toEqual(sampled);
  expect(await found('SELECT pg_sleep($1) AS nap')).toEqual(sampled);
  expect(await found('SELECT pg_sleep($1) AS doze')).toEqual([]);
  await app.close();
  await end();
  await server.stop();
});

test('where the samples of the past cannot be read, that is said', async () => {
  const server = await startEmbeddedServer(18);
  const url = await server.createDatabase('unread');
  await run(url, 'CREATE EXTENSION pg_stat_statements');
  const [db, client, clock] = [await connectMonitored('main', url), await open(url), new FakeClock()];
  const sampler = new DatabaseSampler({
    ...{ name: 'main', service: 'app', clock, writer: { append: async () => undefined } },
    past: () => Promise.reject(new Error('the telemetry store is away')),
  });
  await sampler.sampleStatements(db);
  for (let call = 0; call < 3; call++) await client.query('SELECT pg_sleep(0.01)');
  const message = expect.stringContaining('the telemetry store is away');
  const unknown = { code: 'probe_failed', severity: 'unknown', object: 'regressions', message };
  expect(await sampler.sampleStatements(db)).toMatchObject([unknown]);
  await client.end();
  await db.close();
  await server.stop();
});
