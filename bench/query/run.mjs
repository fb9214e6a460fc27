// How long people wait for answers of the log: the guide's four analyses, the last errors, a rare word, a trace, the first
// page, and the rollups behind the dashboards; beside Postgres with the same rows in the same run.
// Measured when merges and autovacuum are done.
// `npm run bench -- query [--rows 10000000] [--postgres-rows 10000000] [--sort-key]`
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { createLog, startEmbeddedChdb, startEmbeddedPostgres, systemClock } from 'yumops/engines';
import {
  readBusiness,
  readEndpoints,
  readErrorRate,
  readFunnel,
  readSecurity,
} from '../../packages/server/dist/observe/analyses/index.js';
import { createLogSearch, runQuery } from '../../packages/server/dist/observe/logs/index.js';
import { connectTelemetry, migrateTelemetry } from '../../packages/server/dist/store/telemetry/index.js';
import {
  clickhouseInsert,
  marks,
  POSTGRES_INDEXES,
  POSTGRES_TABLE,
  POSTGRES_WORDS,
  postgresInsert,
  traceOf,
} from './rows.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    'postgres-rows': { type: 'string' },
    repeats: { type: 'string', default: '7' },
    'sort-key': { type: 'boolean', default: false },
  },
});
const ROWS = Number(values.rows);
const POSTGRES_ROWS = Math.min(ROWS, Number(values['postgres-rows'] ?? values.rows));
const REPEATS = Number(values.repeats);
const CHUNK = Math.min(1_000_000, ROWS);
const DAY = 86_400_000;
const end = Date.now() - 1_000;
const range = { from: end - DAY, to: end + 1_000 };
const { rare, traced, word } = marks(ROWS);

const log = createLog(systemClock, (line) => process.stderr.write(line), 'warn');
const folder = await mkdtemp(join(tmpdir(), 'yumops-bench-query-'));
await chmod(folder, 0o755);
const stops = [];
const startedAt = performance.now();
const seconds = (since) => Math.round((performance.now() - since) / 1_000);

async function openClickhouse() {
  const engine = await startEmbeddedChdb({ dataDir: join(folder, 'chdb'), clock: systemClock, log });
  stops.push(() => engine.stop());
  const telemetry = connectTelemetry(engine.url);
  stops.push(() => telemetry.close());
  await migrateTelemetry(telemetry);
  const since = performance.now();
  for (let from = 0; from < ROWS; from += CHUNK) {
    await telemetry.command(clickhouseInsert({ from, count: Math.min(CHUNK, ROWS - from), rows: ROWS, end }));
    process.stdout.write(
      `\r  ${(from + CHUNK).toLocaleString('en')} rows in the platform's store, ${seconds(since)} s `,
    );
  }
  process.stdout.write('\n');
  return telemetry;
}

/** The same rows, and what a careful operator would index; the newest when there are fewer. */
async function openPostgres() {
  const engine = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    clock: systemClock,
    log,
    settings: {
      fsync: 'off',
      shared_buffers: '2GB',
      maintenance_work_mem: '1GB',
      work_mem: '256MB',
      max_wal_size: '8GB',
    },
  });
  stops.push(() => engine.stop());
  const client = new pg.Client({ connectionString: engine.url });
  await client.connect();
  stops.push(() => client.end());
  await client.query(POSTGRES_TABLE);
  const since = performance.now();
  let rows = 0;
  for (let upTo = ROWS; rows < POSTGRES_ROWS; upTo -= CHUNK) {
    const from = Math.max(0, upTo - CHUNK);
    await client.query(postgresInsert({ from, count: upTo - from, rows: ROWS, end }));
    rows += upTo - from;
    process.stdout.write(`\r  ${rows.toLocaleString('en')} rows in Postgres, ${seconds(since)} s `);
  }
  for (const index of [...POSTGRES_INDEXES, POSTGRES_WORDS]) await client.query(index);
  process.stdout.write(`with indexes after ${seconds(since)} s\n`);
  await client.query('VACUUM (ANALYZE) application_logs');
  return { client, rows };
}

/** Until neither engine works on what was loaded; an engine that is still at it after ten minutes is measured so, and said. */
async function settled(telemetry, postgres) {
  const since = performance.now();
  for (let quiet = 0; quiet < 3 && seconds(since) < 600; ) {
    const [{ merges }] = await telemetry.query('SELECT count() AS merges FROM system.merges');
    const vacuums = postgres
      ? (await postgres.client.query('SELECT count(*)::int AS n FROM pg_stat_progress_vacuum')).rows[0].n
      : 0;
    quiet = merges + vacuums === 0 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return seconds(since);
}

async function timesOf(work) {
  const times = [];
  for (let i = -1; i < REPEATS; i++) {
    const since = performance.now();
    const answer = await work();
    if (i >= 0) times.push(performance.now() - since);
    if (answer === false) return undefined;
  }
  return times.toSorted((a, b) => a - b);
}
const shown = (times) =>
  times && { p50: Number(times[Math.floor(times.length / 2)].toFixed(1)), worst: Number(times.at(-1).toFixed(1)) };

/** Each question with its limit in milliseconds, as asked of the platform and of Postgres. */
function questions(telemetry, postgres, guide) {
  const search = createLogSearch(telemetry, systemClock);
  const page = (query, limit = 100) => search.page({ query, ...range }, limit);
  const ask = (sql) => postgres && (() => postgres.client.query(sql));
  const analyses = Object.entries(guide).map(([name, sql]) => [
    name,
    300,
    () => runQuery(telemetry, sql, systemClock),
    ask(sql.replaceAll('::FLOAT', '::float8')),
  ]);
  const last = "SELECT * FROM application_logs WHERE level = 'error' ORDER BY timestamp DESC LIMIT 100";
  const rareWord = `WITH found AS MATERIALIZED (SELECT * FROM application_logs
    WHERE to_tsvector('simple', message) @@ to_tsquery('simple', '${word}'))
    SELECT * FROM found ORDER BY timestamp DESC LIMIT 100`;
  return [
    ...analyses,
    ['last 100 errors', 50, () => page('level:error'), ask(last)],
    ['rare word', 20, () => page(word), ask(rareWord)],
    ['common word', 1_000, () => page('handled')],
    [
      'trace id',
      20,
      () => page(`traceId:${traceOf(traced)}`),
      ask(`SELECT * FROM application_logs WHERE traceId = '${traceOf(traced)}'`),
    ],
    [
      'first page of the log',
      1_000,
      () =>
        Promise.all([
          page('', 200),
          search.histogram({ query: '', ...range }, 60),
          search.fields({ query: '', ...range }),
        ]),
    ],
    ['of which: lines', 1_000, () => page('', 200)],
    ['of which: histogram', 1_000, () => search.histogram({ query: '', ...range }, 60)],
    ['of which: fields', 1_000, () => search.fields({ query: '', ...range })],
    ['patterns of a day', 5_000, () => search.patterns({ query: '', ...range })],
    ['dashboard: error rate', 50, () => readErrorRate(telemetry, range)],
    ['dashboard: endpoints', 50, () => readEndpoints(telemetry, range)],
    ['dashboard: security', 50, () => readSecurity(telemetry, range)],
    ['dashboard: business', 50, () => readBusiness(telemetry, range)],
    [
      'funnel of a day',
      300,
      () =>
        readFunnel(telemetry, {
          ...range,
          events: ['user_registration', 'restaurant_rating', 'order_placed'],
          withinMs: DAY,
        }),
    ],
  ];
}

async function measure(telemetry, postgres, guide) {
  const results = {};
  for (const [name, goal, ours, theirs] of questions(telemetry, postgres, guide)) {
    const mine = shown(await timesOf(ours));
    const peer = theirs ? shown(await timesOf(theirs)) : undefined;
    const ratio = peer && Number((peer.p50 / mine.p50).toFixed(2));
    results[name] = { ...mine, goal, met: mine.p50 <= goal, ...(peer && { postgres: peer.p50, timesFaster: ratio }) };
  }
  console.table(results);
  return results;
}

/** The other order of rows, with the service before the time, over the same data. */
async function otherSortKey(telemetry, guide) {
  const [{ statement }] = await telemetry.query(
    'SELECT create_table_query AS statement FROM system.tables WHERE name = {n:String} AND database = currentDatabase()',
    { n: 'logs' },
  );
  const other = statement
    .replace(/CREATE TABLE \S+/, 'CREATE TABLE logs_by_service')
    .replace(
      '(toStartOfFiveMinutes(timestamp), service, timestamp)',
      '(service, toStartOfFiveMinutes(timestamp), timestamp)',
    );
  await telemetry.command(other);
  for (let from = 0; from < ROWS; from += CHUNK) {
    const insert = clickhouseInsert({ from, count: Math.min(CHUNK, ROWS - from), rows: ROWS, end });
    await telemetry.command(insert.replace('INSERT INTO logs ', 'INSERT INTO logs_by_service '));
  }
  for (const table of ['logs', 'logs_by_service']) await telemetry.command(`OPTIMIZE TABLE ${table} FINAL`);
  const bytes = await telemetry.query(
    "SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase() AND table IN ('logs', 'logs_by_service') GROUP BY table",
  );
  console.log('time first');
  const timeFirst = await measure(telemetry, undefined, guide);
  await telemetry.command('EXCHANGE TABLES logs AND logs_by_service');
  console.log('service first');
  const serviceFirst = await measure(telemetry, undefined, guide);
  return { bytes: Object.fromEntries(bytes.map((row) => [row.table, row.bytes])), timeFirst, serviceFirst };
}

try {
  const text = await readFile(new URL('../../testdata/guide-queries.sql', import.meta.url), 'utf8');
  const names = ['error rate', 'performance', 'security events', 'business metrics'];
  const statements = text
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const guide = Object.fromEntries(statements.map((sql, index) => [`guide: ${names[index]}`, sql]));
  const telemetry = await openClickhouse();
  const loaded = seconds(startedAt);
  const postgres = values['sort-key'] ? undefined : await openPostgres();
  const settleSeconds = await settled(telemetry, postgres);
  const report = {
    ...{
      bench: 'query',
      at: new Date().toISOString(),
      node: process.version,
      rows: ROWS,
      repeats: REPEATS,
      rareRow: rare,
    },
    ...{ cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0], loadSeconds: loaded, settleSeconds },
    ...(postgres && { postgresRows: postgres.rows }),
    ...(values['sort-key']
      ? await otherSortKey(telemetry, guide)
      : { results: await measure(telemetry, postgres, guide) }),
  };
  const file = fileURLToPath(new URL(`../results/${values['sort-key'] ? 'sort-key' : 'query'}.json`, import.meta.url));
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`${seconds(startedAt)} s in all; written to ${file}`);
} finally {
  for (const stop of stops.reverse()) await stop();
  await rm(folder, { recursive: true, force: true });
}
