// How long people wait for answers of the log: the guide's four analyses, the last errors, a rare word, a trace, the first
// page, and the rollups behind the dashboards; beside Postgres with the same rows in the same run.
// Measured when merges and autovacuum are done. Options: see bench/README.md.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from 'yumops/engines';
import {
  readBusiness,
  readEndpoints,
  readErrorRate,
  readFunnel,
  readSecurity,
} from '../../packages/server/dist/observe/analyses/index.js';
import { createLogSearch, runQuery } from '../../packages/server/dist/observe/logs/index.js';
import { clickhouseInsert, marks, traceOf } from './rows.mjs';
import { CHUNK, openStores, settled } from './stores.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    'postgres-rows': { type: 'string' },
    repeats: { type: 'string', default: '7' },
    'sort-key': { type: 'boolean', default: false },
    data: { type: 'string' },
    'load-only': { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const ROWS = Number(values.rows);
const POSTGRES_ROWS = values['sort-key'] ? 0 : Math.min(ROWS, Number(values['postgres-rows'] ?? ROWS));
const REPEATS = Number(values.repeats);
const DAY = 86_400_000;
const startedAt = performance.now();
const seconds = (since) => Math.round((performance.now() - since) / 1_000);

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
function questions({ telemetry, postgres, end }, guide) {
  const { traced, word } = marks(ROWS);
  const range = { from: end - DAY, to: end + 1_000 };
  const search = createLogSearch(telemetry, systemClock);
  const page = (query, limit = 100) => search.page({ query, ...range }, limit);
  const ask = (sql) => postgres && (() => postgres.client.query(sql));
  const analyses = Object.entries(guide).map(([name, { ours, theirs }]) => [
    name,
    300,
    () => runQuery(telemetry, ours, systemClock),
    ask(theirs),
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

async function measure(stores, guide) {
  const results = {};
  const asked = questions(stores, guide).filter(([name]) => name.includes(values.only ?? ''));
  for (const [name, goal, ours, theirs] of asked) {
    const mine = shown(await timesOf(ours));
    const peer = theirs ? shown(await timesOf(theirs)) : undefined;
    const ratio = peer && Number((peer.p50 / mine.p50).toFixed(2));
    results[name] = { ...mine, goal, met: mine.p50 <= goal, ...(peer && { postgres: peer.p50, timesFaster: ratio }) };
  }
  console.table(results);
  return results;
}

/** The other order of rows, with the service before the time, over the same data. */
async function otherSortKey({ telemetry, end }, guide) {
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
  const timeFirst = await measure({ telemetry, end }, guide);
  await telemetry.command('EXCHANGE TABLES logs AND logs_by_service');
  console.log('service first');
  const serviceFirst = await measure({ telemetry, end }, guide);
  return { bytes: Object.fromEntries(bytes.map((row) => [row.table, row.bytes])), timeFirst, serviceFirst };
}

/** The guide's statements as each engine is asked. Kept rows grow old: there `NOW()` is the time at which they were loaded. */
async function guideStatements({ kept, end }) {
  const names = ['error rate', 'performance', 'security events', 'business metrics'];
  const text = await readFile(new URL('../../testdata/guide-queries.sql', import.meta.url), 'utf8');
  const statements = text
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const at = (now) => (sql) => (kept ? sql.replaceAll('NOW()', now) : sql);
  const time = new Date(end).toISOString().slice(0, 19).replace('T', ' ');
  const ours = at(`toDateTime('${time}', 'UTC')`);
  const theirs = at(`timestamptz '${time}Z'`);
  return Object.fromEntries(
    statements.map((sql, index) => [
      `guide: ${names[index]}`,
      { ours: ours(sql), theirs: theirs(sql.replaceAll('::FLOAT', '::float8')) },
    ]),
  );
}

async function report(stores, loadSeconds) {
  const guide = await guideStatements(stores);
  const settleSeconds = await settled(stores);
  return {
    ...{ bench: 'query', at: new Date().toISOString(), node: process.version, rows: ROWS, repeats: REPEATS },
    ...{ rareRow: marks(ROWS).rare, cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0] },
    ...{ loadSeconds, keptRows: stores.kept, settleSeconds },
    ...(stores.postgres && { postgresRows: stores.postgres.rows }),
    ...(values['sort-key'] ? await otherSortKey(stores, guide) : { results: await measure(stores, guide) }),
  };
}

const folder = resolve(values.data ?? (await mkdtemp(join(tmpdir(), 'yumops-bench-query-'))));
// The engines have users of their own, who must get there.
if (values.data === undefined) await chmod(folder, 0o755);
const stops = [];
const stopAll = async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
};
// Postgres empties unlogged tables after a stop out of order, and with them what was to be kept.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stopAll().then(() => process.exit(1)));
try {
  const stores = await openStores(folder, { rows: ROWS, postgresRows: POSTGRES_ROWS }, stops);
  const loadSeconds = seconds(startedAt);
  if (values['load-only']) {
    await settled(stores);
    console.log(`${loadSeconds} s until all rows were there: ${folder}`);
  } else {
    const measured = await report(stores, loadSeconds);
    const name = values['sort-key'] ? 'sort-key' : 'query';
    const file = fileURLToPath(new URL(`../results/${name}.json`, import.meta.url));
    if (values.only === undefined) await writeFile(file, `${JSON.stringify(measured, null, 2)}\n`);
    console.log(`${seconds(startedAt)} s in all${values.only === undefined ? `; written to ${file}` : ''}`);
  }
} finally {
  await stopAll();
  if (values.data === undefined) await rm(folder, { recursive: true, force: true });
}
