// What watching costs the watched database, beside an idle core: `npm run bench -- database`.
// 5,000 statements are tracked and there are 1,000 tables; the CPU time is that of the server's process of the session.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createLog, startEmbeddedPostgres, systemClock } from 'yumops/engines';
import { readCatalogue } from '../../packages/server/dist/care/database/changes/catalogue.js';
import { checkDatabase } from '../../packages/server/dist/care/database/check-database.js';
import { DatabaseSampler } from '../../packages/server/dist/care/database/monitor/sampler.js';
import { WaitSampler } from '../../packages/server/dist/care/database/monitor/wait-sampler.js';
import { LIVE_PROBES, SLOW_PROBES } from '../../packages/server/dist/care/database/probes/index.js';
import { readServerFacts } from '../../packages/server/dist/care/database/server-facts.js';
import { DEFAULT_THRESHOLDS } from '../../packages/server/dist/care/database/thresholds.js';
import { connectMonitored } from '../../packages/server/dist/store/monitored/index.js';

const STATEMENTS = 5_000;
const TABLES = 1_000;
/** Values and aliases make no other statement; columns do. */
const SHAPES = ['id', 'a', 'b', 'id, a', 'id, b'];
const GOAL = 1;
/** Ticks of the kernel's clock a second, in which it counts CPU time. */
const TICKS = 100;
const writer = { append: async () => {} };
const database = { name: 'main', profile: 'plain', exclude: [], thresholds: DEFAULT_THRESHOLDS, capacity: null };

async function cpuSeconds(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function fill(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await client.query(
    `DO $$ BEGIN FOR i IN 1..${TABLES} LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a int, b text)', i);
     EXECUTE format('INSERT INTO t%s SELECT g, g, g::text FROM generate_series(1, 200) g', i); END LOOP; END $$`,
  );
  await client.query('ANALYZE');
  for (let number = 0; number < STATEMENTS; number++) {
    const shape = SHAPES[Math.floor(number / TABLES)];
    await client.query(`SELECT ${shape} FROM t${1 + (number % TABLES)} WHERE id = 7 AND a > 3`);
  }
  const { rows } = await client.query('SELECT count(*)::int AS tracked FROM pg_stat_statements');
  await client.end();
  return rows[0].tracked;
}

async function measure(major) {
  const folder = await mkdtemp(join(tmpdir(), `yumops-bench-database-${major}-`));
  const engine = await startEmbeddedPostgres({
    dataDir: folder,
    major,
    clock: systemClock,
    log: createLog(systemClock, () => undefined),
    settings: { 'pg_stat_statements.max': 10_000, fsync: 'off' },
  });
  try {
    const tracked = await fill(engine.url);
    const db = await connectMonitored('main', engine.url);
    const [{ pid }] = await db.query('SELECT pg_backend_pid() AS pid');
    const sampler = new DatabaseSampler({
      name: 'main',
      service: 'bench',
      writer,
      clock: systemClock,
      past: async () => [],
    });
    const waits = new WaitSampler({
      ...{ name: 'main', service: 'bench', writer, clock: systemClock, thresholds: DEFAULT_THRESHOLDS },
    });
    const parts = {
      waits: { every: 5, times: 300, work: () => waits.look(db) },
      connections: { every: 15, times: 200, work: () => sampler.sampleConnections(db) },
      statements: { every: 30, times: 40, work: () => sampler.sampleStatements(db) },
      'server and sessions': { every: 30, times: 100, work: () => sampler.sampleServer(db) },
      'urgent findings': { every: 60, times: 40, work: () => checkDatabase(database, db, { probes: LIVE_PROBES }) },
      catalogue: {
        ...{ every: 300, times: 8 },
        work: async () => readCatalogue(db, await readServerFacts(db), 'plain'),
      },
      'sizes of relations': { every: 3_600, times: 8, work: () => sampler.sampleSizes(db, 'plain') },
      'all findings': { every: 600, times: 8, work: () => checkDatabase(database, db, { probes: SLOW_PROBES }) },
    };
    const rows = {};
    let total = 0;
    for (const [name, { every, times, work }] of Object.entries(parts)) {
      await work();
      const before = await cpuSeconds(pid);
      for (let time = 0; time < times; time++) await work();
      const ms = ((await cpuSeconds(pid)) - before) * (1_000 / times);
      const percent = ms / every / 10;
      total += percent;
      rows[name] = { 'CPU ms': Number(ms.toFixed(1)), 'every s': every, '% of a core': Number(percent.toFixed(3)) };
    }
    await db.close();
    rows.total = { '% of a core': Number(total.toFixed(3)) };
    console.log(`\nPostgres ${major}, ${tracked} statements, ${TABLES} tables`);
    console.table(rows);
    return { tracked, tables: TABLES, parts: rows, percentOfACore: rows.total['% of a core'] };
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const loadBefore = loadavg();
const results = { 15: await measure(15), 18: await measure(18) };
const report = {
  ...{ bench: 'database', at: new Date().toISOString(), node: process.version },
  ...{ cpu: cpus()[0]?.model, cores: cpus().length, loadBefore, loadAfter: loadavg(), goal: { percentOfACore: GOAL } },
  results,
};
const file = fileURLToPath(new URL('../results/database.json', import.meta.url));
await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
const worst = Math.max(...Object.values(results).map(({ percentOfACore }) => percentOfACore));
console.log(`Watching costs ${worst} % of a core at most (goal ${GOAL} %). Written to ${file}`);
