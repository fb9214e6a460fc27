// The p99 of YumZoom's statements while maintenance runs, beside one busy processor (the least that any work costs on this
// machine) and the REINDEX of the operations guide in the same run: `npm run bench -- maintenance [requests a second [rounds]]`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createLog, startEmbeddedPostgres, systemClock } from 'yumops/engines';
import { migrate } from '../../examples/yumzoom/scripts/database/migrate.mjs';
import { seed } from '../../examples/yumzoom/scripts/database/seed.mjs';
import { runMaintenance } from '../../packages/server/dist/care/database/maintenance/run-maintenance.js';
import { DEFAULT_SETTINGS } from '../../packages/server/dist/care/database/maintenance/settings.js';
import { DEFAULT_THRESHOLDS } from '../../packages/server/dist/care/database/thresholds.js';
import { connectMaintained } from '../../packages/server/dist/store/monitored/index.js';
import { LoadApart } from './load-apart.mjs';
import { describe, median, quantile, Spans } from './samples.mjs';

const SQL = fileURLToPath(new URL('../../examples/yumzoom/database', import.meta.url));
const RATE = Number(process.argv[2] ?? 220);
const ROUNDS = Number(process.argv[3] ?? 3);
const QUIET_SECONDS = 15;
const GOAL = 1.5;
const nothing = async () => null;
const LEDGER = { begin: nothing, heard: nothing, record: nothing, finish: nothing, pauseOf: nothing };
const TASKS = ['retention', 'vacuum', 'freeze', 'reindex', 'constraints', 'analyze'];

const folder = await mkdtemp(join(tmpdir(), 'yumops-bench-maintenance-'));
const loadBefore = loadavg();
const engine = await startEmbeddedPostgres({
  dataDir: folder,
  major: 15,
  clock: systemClock,
  log: createLog(systemClock, () => undefined),
  settings: { shared_buffers: '128MB', autovacuum: 'off', max_connections: 60 },
});

async function run(...statements) {
  const client = new pg.Client({ connectionString: engine.url });
  await client.connect();
  try {
    let last;
    for (const statement of statements) last = await client.query(statement);
    return last.rows;
  } finally {
    await client.end();
  }
}

/** Makes the ratings large, and then mostly empty: rows, indexes and old sessions that are to go. */
async function wear() {
  await run(
    'SET session_replication_role = replica',
    `INSERT INTO ratings (restaurant_id, user_id, score, created_at)
     SELECT r.id, u.id, 1 + (r.id + u.id) % 5, now() - interval '1 day' * ((r.id * 31 + u.id) % 700)
     FROM restaurants r CROSS JOIN (SELECT id FROM user_profiles ORDER BY id LIMIT 120) u ON CONFLICT DO NOTHING`,
    'DELETE FROM ratings WHERE id % 10 >= 3',
    `INSERT INTO user_activity (user_id, activity, activity_date)
     SELECT (SELECT min(id) FROM user_profiles), 'view', now() - interval '120 days' FROM generate_series(1, 60000)`,
  );
  await run('VACUUM ratings', 'UPDATE ratings SET score = score WHERE id % 10 = 0', 'CHECKPOINT');
}

function maintain(spans) {
  const policy = { keep: 90 * 86_400_000, fileColumn: null, fileFolder: '/', confined: false };
  return runMaintenance(
    { database: 'main', tasks: TASKS, approve: false, startedBy: 'bench', trigger: 'manual' },
    {
      settings: {
        ...{ profile: 'plain', thresholds: DEFAULT_THRESHOLDS, capacity: null, window: 3_600_000, ...DEFAULT_SETTINGS },
        retention: [{ ...policy, table: 'user_activity', column: 'activity_date' }],
      },
      connect: () => connectMaintained('main', engine.url),
      ledger: LEDGER,
      onProgress: ({ task, object }) => spans.enter(`${task} ${object ?? '(planning)'}`),
      clock: systemClock,
      signal: new AbortController().signal,
    },
  );
}

/** A statement that computes and touches no table, for so long. */
async function spin(seconds) {
  const endless = 'SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b';
  await run(
    'SET max_parallel_workers_per_gather = 0; SET jit = off',
    `SET statement_timeout = ${Math.round(seconds * 1_000)}`,
    endless,
  ).catch((error) => {
    if (error.code !== '57014') throw error;
  });
}

const flushes = async () => (await run('SELECT wal_sync::int AS flushes FROM pg_stat_wal'))[0].flushes;

/** What the load saw while `work` ran, and how often the log was flushed meanwhile. */
async function measure(load, work) {
  await load.take();
  const flushed = await flushes();
  const begun = performance.now();
  await work();
  const seconds = (performance.now() - begun) / 1_000;
  const { samples, failed } = await load.take();
  return { seconds, samples, failed, flushes: (await flushes()) - flushed };
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/** One round: work between spans in which the app is alone, against which it is set. */
async function round(people, { spans, naive }) {
  await wear();
  const load = new LoadApart({ url: engine.url, people, rate: RATE });
  await pause(5);
  const phases = {};
  const quiet = () => measure(load, () => pause(QUIET_SECONDS));
  let report;
  phases['quiet 1'] = await quiet();
  phases.maintenance = await measure(load, async () => {
    report = await maintain(spans);
    spans.enter(null);
  });
  phases['quiet 2'] = await quiet();
  phases['one busy processor'] = await measure(load, () => spin(phases.maintenance.seconds));
  phases['quiet 3'] = await quiet();
  if (naive) {
    const statements = ['REINDEX TABLE ratings', 'REINDEX TABLE restaurants', 'ANALYZE'];
    phases['REINDEX of the guide'] = await measure(load, () => run(...statements));
    phases['quiet 4'] = await quiet();
  }
  await load.stop();
  return { phases, report };
}

/** The p99 of a phase against that of the quiet ones at its sides: other work on the machine comes and goes. */
function ratioOf(phases, name) {
  const names = Object.keys(phases);
  const place = names.indexOf(name);
  const sides = [names[place - 1], names[place + 1]].flatMap((side) => phases[side].samples);
  return Number((quantile(phases[name].samples, 0.99) / quantile(sides, 0.99)).toFixed(2));
}

/** The rounds together: all samples of a phase, and the middle of its ratios. */
function summarize(rounds) {
  const told = {};
  for (const name of ['quiet', 'maintenance', 'one busy processor', 'REINDEX of the guide']) {
    const of = rounds.flatMap(({ phases }) =>
      Object.entries(phases).filter(([phase]) => phase.replace(/ \d$/, '') === name),
    );
    const seconds = of.reduce((sum, [, phase]) => sum + phase.seconds, 0);
    const flushed = of.reduce((sum, [, phase]) => sum + phase.flushes, 0);
    const failed = of.reduce((sum, [, phase]) => sum + phase.failed, 0);
    told[name] = {
      seconds: Number(seconds.toFixed(1)),
      ...describe(of.flatMap(([, phase]) => phase.samples)),
      ...{ failed, flushesPerSecond: Math.round(flushed / seconds) },
    };
    if (name === 'quiet') continue;
    const ratios = rounds.filter(({ phases }) => phases[name]).map(({ phases }) => ratioOf(phases, name));
    Object.assign(told[name], { ratio: median(ratios), ratios });
  }
  return told;
}

try {
  const client = new pg.Client({ connectionString: engine.url });
  await client.connect();
  await migrate(client, join(SQL, 'migrations'));
  await seed(client, join(SQL, 'seed', 'seed.sql'));
  await client.end();
  const ids = async (table) => (await run(`SELECT id FROM ${table} ORDER BY id LIMIT 5000`)).map(({ id }) => id);
  const people = { restaurants: await ids('restaurants'), users: await ids('user_profiles') };
  const spans = new Spans();
  const rounds = [];
  for (let number = 1; number <= ROUNDS; number++) {
    console.log(`round ${number} of ${ROUNDS} …`);
    rounds.push(await round(people, { spans, naive: number === ROUNDS }));
  }
  const phases = summarize(rounds);
  const tasks = spans.table(rounds.flatMap((one) => one.phases.maintenance.samples));
  console.table(phases);
  console.table(tasks);
  const actions = rounds.flatMap(({ report }) => report.actions);
  for (const { task, object, status, error } of actions.filter(({ status }) => status !== 'done')) {
    console.log(`${status} ${task} ${object}: ${error}`);
  }
  const toControl = Number((phases.maintenance.p99 / phases['one busy processor'].p99).toFixed(2));
  const result = {
    ...{ bench: 'maintenance', at: new Date().toISOString(), node: process.version, postgres: 15 },
    ...{ cpu: cpus()[0]?.model, cores: cpus().length, loadBefore, loadAfter: loadavg(), requestsPerSecond: RATE },
    ...{
      rounds: ROUNDS,
      goal: { p99Ratio: GOAL },
      actions: actions.length,
      p99ToBusyProcessor: toControl,
      phases,
      tasks,
    },
  };
  const file = fileURLToPath(new URL('../results/maintenance.json', import.meta.url));
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(
    `p99 under maintenance: ${phases.maintenance.ratio} × the quiet one (goal ${GOAL}), ${toControl} × that beside one busy processor (itself ${phases['one busy processor'].ratio} × the quiet one); the guide's REINDEX: ${phases['REINDEX of the guide'].ratio} ×. Written to ${file}`,
  );
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}
