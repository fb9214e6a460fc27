// The alert path with its default settings: embedded Postgres with fsync, embedded telemetry engine, HTTP intake of
// alerts, a webhook as receiver. Started by run.mjs, which says what to measure.
import { join } from 'node:path';
import { loadConfig } from '../../packages/server/dist/config/index.js';
import { startEmbeddedChdb, startEmbeddedPostgres } from '../../packages/server/dist/engines/index.js';
import { alertmanagerRoutes } from '../../packages/server/dist/http/alertmanager.js';
import { createHttpServer } from '../../packages/server/dist/http/server.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';
import { createLog } from '../../packages/server/dist/lib/log.js';
import { Evaluator } from '../../packages/server/dist/respond/alerting/evaluate/evaluator.js';
import { createAlerting } from '../../packages/server/dist/respond/alerting/index.js';
import { storedBuckets } from '../../packages/server/dist/respond/alerting/state/bucket-query.js';
import { PostgresAlertStore } from '../../packages/server/dist/respond/alerting/state/postgres.js';
import { createNotifiers } from '../../packages/server/dist/respond/notify/index.js';
import { connectState, migrateState } from '../../packages/server/dist/store/state/index.js';
import { connectTelemetry, migrateTelemetry } from '../../packages/server/dist/store/telemetry/index.js';

const [folder] = process.argv.slice(2);
const clock = systemClock;
const log = createLog(clock, (line) => process.stderr.write(line), 'warn');
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), clock, log });
const chdb = await startEmbeddedChdb({ dataDir: join(folder, 'chdb'), clock, log });
const db = connectState(postgres.url, { log });
await migrateState(db);
const telemetry = connectTelemetry(chdb.url);
await migrateTelemetry(telemetry);

const { config, findings } = loadConfig({ path: join(folder, 'config'), env: {} });
if (!config) throw new Error(JSON.stringify(findings));
const alerting = createAlerting({
  ...{ db, telemetry, clock, log, publicUrl: 'http://127.0.0.1:4600', instance: 'bench' },
  config: { ...config, rules: [] },
  audit: async () => undefined,
  watermark: () => undefined,
  monitorStates: async () => [],
  resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
  notifiers: ({ integrations }) => createNotifiers(integrations, clock),
});
alerting.start();
const app = await createHttpServer({ log, version: '0.0.0' });
alertmanagerRoutes(app, {
  alerting,
  guard: () => async () => undefined,
  findIngestKey: async () => ({ scope: 'all', project: null }),
  version: '0.0.0',
  startedAt: clock.now(),
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });

/** Milliseconds of each cycle: buckets read, rules judged, statuses written with fsync. */
async function cycles(rules, count) {
  const store = new PostgresAlertStore(db);
  const lease = { token: 0 };
  const [held] = await db.query('SELECT token FROM alert_leases');
  lease.token = Number(held.token);
  const evaluator = new Evaluator(storedBuckets(telemetry), rules, { ingestDelayMs: 10_000, phase: 0 }, [], []);
  const times = [];
  const start = Math.floor(clock.now() / 60_000) * 60_000;
  for (let n = 0; n < count; n++) {
    const begun = performance.now();
    const round = await evaluator.run(start + n * 60_000, Number.POSITIVE_INFINITY);
    await store.saveEvaluation(lease, round.statuses, round.changed);
    times.push(performance.now() - begun);
    if (round.statuses.length !== rules.length)
      throw new Error(`${round.statuses.length} of ${rules.length} evaluated`);
  }
  return times;
}

/** Milliseconds of the least that a durable alert costs here: a round trip, and the commit of one row. */
async function bare(count) {
  await db.query('CREATE TABLE IF NOT EXISTS bench_bare (n int)');
  const timed = async (statement) => {
    const times = [];
    for (let n = 0; n < count; n++) {
      const begun = performance.now();
      await db.query(statement);
      times.push(performance.now() - begun);
    }
    return times;
  };
  return { roundTrip: await timed('SELECT 1'), commit: await timed('INSERT INTO bench_bare VALUES (1)') };
}

const actions = {
  bare: ({ count }) => bare(count),
  rules: ({ names, count }) =>
    cycles(
      config.rules.filter(({ name }) => names === undefined || names.includes(name)),
      count,
    ),
  insert: async ({ table, rows, token }) => {
    const body = Buffer.from(`${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
    await telemetry.insert(table, body, { token, rowCount: rows.length });
  },
};

process.on('message', async ({ id, action, ...options }) => {
  if (action === 'stop') {
    await app.close();
    await alerting.stop();
    await Promise.all([db.close(), telemetry.close()]);
    await Promise.all([chdb.stop(), postgres.stop()]);
    process.disconnect();
    return;
  }
  try {
    process.send({ id, result: await actions[action](options) });
  } catch (error) {
    process.send({ id, error: String(error.stack) });
  }
});
process.send({ url });
