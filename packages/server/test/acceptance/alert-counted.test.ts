import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { CountedRows } from '../../src/main/counted.ts';
import { IngestLags } from '../../src/observe/ingest/index.ts';
import { type Alerting, createAlerting } from '../../src/respond/alerting/index.ts';
import { createNotifiers } from '../../src/respond/notify/index.ts';
import { PostgresSignals, type StateStore } from '../../src/store/state/index.ts';
import { silentLog, startTestIngest, until } from '../ingest.ts';
import { configOf } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';

let state: StateServer;
let store: TelemetryServer;
let receiver: Server;
let url: string;
const arrivals: number[] = [];
const running: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [state, store] = await Promise.all([startStateServer(), startTelemetryServer()]);
  receiver = createServer((request, response) => {
    request.resume().on('end', () => {
      arrivals.push(performance.now());
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as { port: number }).port}/`;
});

afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
  arrivals.length = 0;
});

afterAll(async () => {
  receiver.close();
  await Promise.all([state.stop(), store.stop()]);
});

/** One instance of the platform: intake with its own spool, and the alert path. */
async function instance(name: string, database: { db: StateStore; url: string }, service: string) {
  const { db } = database;
  const about = { clock: systemClock, log: silentLog };
  const signals = new PostgresSignals({ ...database, ...about });
  const counted = new CountedRows(signals, systemClock, silentLog);
  const intake = await startTestIngest({ telemetry: counted.watch(store.telemetry), flushMs: 750 });
  const config = configOf(`  webhook: [{name: hook, url: "${url}"}]
grouping: {group_wait: 0s}
alert_rules:
  - {name: Failed Authentication Attempts, condition: "failed_auth_attempts{service=${service}} > 100 per hour", time_window: 1 hour, severity: warning, notifications: [{webhook: hook}]}
`);
  const alerting = createAlerting({
    ...{ db, ...about, instance: name, publicUrl: 'http://127.0.0.1:4600', telemetry: store.telemetry },
    config,
    audit: async () => undefined,
    watermark: () => new IngestLags({ db, ingest: intake.ingest, instance: name, ...about }).watermark(),
    monitorStates: async () => [],
    resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
    notifiers: ({ integrations: ways }) => createNotifiers(ways, systemClock),
  });
  counted.connect(alerting);
  alerting.start();
  running.push(async () => {
    await intake.stop();
    await alerting.stop();
    await signals.close();
  });
  return { alerting, ingest: intake.ingest };
}

function failures(service: string, count: number): Buffer {
  const line = (n: number) =>
    JSON.stringify({
      ...{ timestamp: Date.now(), level: 'warn', message: `no ${n}`, service, type: 'security' },
      ...{ event: 'failed_authentication', ip: '203.0.113.9' },
    });
  return Buffer.from(`${Array.from({ length: count }, (_, n) => line(n)).join('\n')}\n`);
}

const leads = (alerting: Alerting) => until(() => alerting.isLeader() && alerting.lastRunAt() !== null);

test.each([
  ['the instance that evaluates', 'one'],
  ['another instance, which tells the one that evaluates', 'two'],
])('the 101st failed sign-in taken in by %s is told within a second, the 100th is not', async (_who, taker) => {
  const database = await state.database();
  const service = `shop-${taker}`;
  const one = await instance('one', database, service);
  await leads(one.alerting);
  const { ingest } = taker === 'one' ? one : await instance('two', database, service);
  await ingest.accept({ body: failures(service, 100), format: 'ndjson', project: '1' });
  await until(() => ingest.stats().lagSeconds === 0);
  const begun = performance.now();
  await ingest.accept({ body: failures(service, 1), format: 'ndjson', project: '1' });
  expect(arrivals).toEqual([]);
  await until(() => arrivals.length > 0, 40_000);
  const tookMs = (arrivals[0] ?? 0) - begun;
  console.log(`told after ${Math.round(tookMs)} ms`);
  // A rule's own slot would come only once a minute.
  expect(tookMs).toBeLessThan(15_000);
  await until(() => ingest.stats().lagSeconds === 0);
  expect(arrivals).toHaveLength(1);
});

test('rows that wait at another instance hold the watermark until they are stored, or that instance is gone', async () => {
  const { db } = await state.database();
  let now = Date.UTC(2026, 0, 5);
  const clock = { ...systemClock, now: () => now, after: systemClock.after.bind(systemClock) };
  const lagOf = (instanceName: string, seconds: number) =>
    new IngestLags({
      db,
      ingest: { stats: () => ({ lagSeconds: seconds }) as never },
      instance: instanceName,
      clock,
      log: silentLog,
    });
  const leader = lagOf('one', 0);
  expect(await leader.watermark()).toBe(now);
  await db.query('INSERT INTO ingest_lags (instance, oldest_at, seen_at) VALUES ($1, $2, $3)', [
    'two',
    new Date(now - 90_000),
    new Date(now),
  ]);
  expect(await leader.watermark()).toBe(now - 90_000);
  expect(await lagOf('two', 3).watermark()).toBe(now - 3_000);
  now += 61_000;
  expect(await leader.watermark()).toBe(now);
});
