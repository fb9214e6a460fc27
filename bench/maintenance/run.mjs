// The p99 of YumZoom's statements while maintenance runs, beside the REINDEX of the operations guide in the same run:
// `npm run bench -- maintenance [requests a second]`.
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
import { Load } from './load.mjs';

const SQL = fileURLToPath(new URL('../../examples/yumzoom/database', import.meta.url));
const RATE = Number(process.argv[2] ?? 220);
const GOAL = 1.5;
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

function maintain() {
  const policy = { keep: 90 * 86_400_000, fileColumn: null, fileFolder: '/', confined: false };
  return runMaintenance(
    { database: 'main', tasks: TASKS, approve: false, startedBy: 'bench', trigger: 'manual' },
    {
      settings: {
        ...{ profile: 'plain', thresholds: DEFAULT_THRESHOLDS, capacity: null, window: 3_600_000, ...DEFAULT_SETTINGS },
        retention: [{ ...policy, table: 'user_activity', column: 'activity_date' }],
      },
      connect: () => connectMaintained('main', engine.url),
      ledger: { begin: async () => {}, record: async () => {}, finish: async () => {}, pauseOf: async () => null },
      clock: systemClock,
      signal: new AbortController().signal,
    },
  );
}

/** What the load saw while `work` ran, again and again until there is enough to tell a 99th percentile. */
async function measure(load, work) {
  load.take();
  const begun = performance.now();
  await work();
  return { seconds: Number(((performance.now() - begun) / 1_000).toFixed(1)), ...load.take() };
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

try {
  const client = new pg.Client({ connectionString: engine.url });
  await client.connect();
  await migrate(client, join(SQL, 'migrations'));
  await seed(client, join(SQL, 'seed', 'seed.sql'));
  await client.end();
  console.log('wearing the database out …');
  await wear();
  const ids = async (table) => (await run(`SELECT id FROM ${table} ORDER BY id LIMIT 5000`)).map(({ id }) => id);
  const load = new Load(engine.url, { restaurants: await ids('restaurants'), users: await ids('user_profiles') }, RATE);
  load.start();
  await pause(5);
  let report;
  const rows = {};
  rows['quiet before'] = await measure(load, () => pause(15));
  rows.maintenance = await measure(load, async () => {
    report = await maintain();
  });
  rows['quiet between'] = await measure(load, () => pause(15));
  const naive = ['REINDEX TABLE ratings', 'REINDEX TABLE restaurants', 'ANALYZE'];
  rows['REINDEX of the guide'] = await measure(load, () => run(...naive));
  rows['quiet after'] = await measure(load, () => pause(10));
  await load.stop();
  // Other work on the machine comes and goes: each phase is set against the quiet ones at its sides.
  const names = Object.keys(rows);
  for (const [place, name] of names.entries()) {
    const sides = [names[place - 1], names[place + 1]].filter((side) => side?.startsWith('quiet'));
    if (sides.length < 2) continue;
    const quiet = sides.reduce((sum, side) => sum + rows[side].p99, 0) / sides.length;
    rows[name].ratio = Number((rows[name].p99 / quiet).toFixed(2));
  }
  console.table(rows);
  for (const { task, object, status, error } of report.actions) {
    console.log(`${status} ${task} ${object}${error === null ? '' : `: ${error}`}`);
  }
  const result = {
    ...{ bench: 'maintenance', at: new Date().toISOString(), node: process.version, postgres: 15 },
    ...{ cpu: cpus()[0]?.model, cores: cpus().length, loadBefore, loadAfter: loadavg(), requestsPerSecond: RATE },
    ...{ goal: { p99Ratio: GOAL }, actions: report.actions.length, phases: rows },
  };
  const file = fileURLToPath(new URL('../results/maintenance.json', import.meta.url));
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(
    `p99 under maintenance: ${rows.maintenance.ratio} × the quiet one (goal ${GOAL}); the guide's REINDEX: ${rows['REINDEX of the guide'].ratio} ×. Written to ${file}`,
  );
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}
