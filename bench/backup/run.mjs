/**
 * The logical tier beside plain `pg_dump -Fc -Z1` and `pg_restore`, on the same server: `npm run bench -- backup [--ratings 800000]`.
 * Ours also hashes every row (`withoutRowHash`: with row_hash: off), encrypts, sums and stores; its restore checks everything before it writes. Then files:
 * how much a second backup adds after one percent of the bytes changed. With `--jobs` instead, into `backup-jobs.json`: the same rows in
 * four tables, dumped and restored in one job, in two and in four, beside `pg_dump -Fd -j2` and `pg_restore -j2`; `bucket`: the same
 * through a local S3 service, which takes part of the time. A peak is the most resident memory that the process of ours ever had, as the kernel counts it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../packages/server/dist/engines/index.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';
import { root } from '../../scripts/lib/root.mjs';

const { values } = parseArgs({
  options: {
    ratings: { type: 'string', default: '800000' },
    rounds: { type: 'string', default: '3' },
    jobs: { type: 'boolean', default: false },
    'files-mb': { type: 'string', default: '200' },
  },
});
const MAJOR = 15;
const COMMAND = join(root, 'packages/server/bin/yumops.js');
const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log };
const folder = mkdtempSync(join(tmpdir(), 'yumops-bench-backup-'));
const round = (value) => Math.round(value * 100) / 100;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Runs a program; wall seconds, its peak memory in MB, what it printed. */
async function timed(program, args, env = {}) {
  const since = performance.now();
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  let peak = 0;
  const watch = setInterval(() => {
    try {
      const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      peak = Math.max(peak, Number(kilobytes) / 1024);
    } catch {
      // It has ended, or this is not Linux; then there is no figure.
    }
  }, 50);
  const [code] = await once(child, 'close');
  clearInterval(watch);
  if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${code}: ${text}`);
  return { wall: (performance.now() - since) / 1_000, peak, text };
}

const RATINGS = '(id uuid PRIMARY KEY, restaurant uuid, score int, body text, data jsonb, at timestamptz)';

/** @param from number of the first row @param count how many */
const addRatings = (app, table, from, count) =>
  app.query(
    `INSERT INTO ${table} SELECT md5('r' || n)::uuid, md5((1 + n % 50000)::text)::uuid, 1 + n % 5,
       'Rated ' || md5(n::text) || ' by ' || md5((n * 7)::text) || repeat(' good food', (n % 12)::int),
       jsonb_build_object('device', md5((n % 5000)::text), 'n', n), now() - n * interval '1 second'
     FROM generate_series($1::int, $1::int + $2::int - 1) n`,
    [from, count],
  );

/** Rows as an application has them: uuids, JSON, text, four indexes. */
async function fill(app, ratings) {
  await app.query(`CREATE TABLE restaurants (id uuid PRIMARY KEY, name text, data jsonb, at timestamptz);
    INSERT INTO restaurants SELECT md5(n::text)::uuid, 'Restaurant ' || md5((n * 3)::text), jsonb_build_object('city', md5((n % 300)::text), 'seats', n % 90), now() - n * interval '1 hour' FROM generate_series(1, 50000) n;
    CREATE TABLE ratings ${RATINGS}`);
  for (let n = 0; n < ratings; n += 50_000) await addRatings(app, 'ratings', n, 50_000);
  await app.query(`CREATE INDEX ON ratings (restaurant); CREATE INDEX ON ratings (at); CREATE INDEX ON restaurants (name);
    CREATE INDEX ON ratings (score, at)`);
  await app.query('VACUUM ANALYZE');
  return Number((await app.query('SELECT pg_database_size(current_database()) AS size')).rows[0].size);
}

/** The same in four tables. */
async function fillFour(app, ratings) {
  for (const table of ['r0', 'r1', 'r2', 'r3']) {
    await app.query(`CREATE TABLE ${table} ${RATINGS}`);
    await addRatings(app, table, 0, Math.ceil(ratings / 4));
    await app.query(
      `CREATE INDEX ON ${table} (restaurant); CREATE INDEX ON ${table} (at); CREATE INDEX ON ${table} (score, at)`,
    );
  }
  await app.query('VACUUM ANALYZE');
}

const JOBS = { One: '1', Two: '2', Four: '4' };

const figures = (runs) =>
  Object.fromEntries(
    Object.entries(runs).map(([name, all]) => [
      name,
      { ...side(all), peakMB: Math.round(Math.max(...all.map(({ peak }) => peak))) },
    ]),
  );

/** Numbers of jobs in turns, so that all meet the same load. @param peers what is measured beside them */
async function inEveryNumber(store, target, admin, peers = { dump() {}, restore() {} }) {
  const runs = {};
  const add = (name, run) => {
    runs[name] = [...(runs[name] ?? []), run];
  };
  const ids = {};
  for (let n = 0; n < Number(values.rounds); n++) {
    await peers.dump(add);
    for (const [name, jobs] of Object.entries(JOBS)) {
      const run = await store('now', 'four', '--jobs', jobs);
      add(`dumpIn${name}`, run);
      ids[name] = JSON.parse(run.text).id;
    }
  }
  for (let n = 0; n < Number(values.rounds); n++) {
    await peers.restore(add);
    for (const [name, jobs] of Object.entries(JOBS)) {
      await admin.query('DROP DATABASE IF EXISTS ours');
      add(`restoreIn${name}`, await store('restore', ids[name], '--to', target, '--jobs', jobs));
    }
  }
  return figures(runs);
}

async function inJobs(url, env, admin) {
  const archive = join(folder, 'peer4.dump');
  const directory = join(folder, 'peer4');
  await timed('pg_dump', ['-Fc', '-Z1', '-f', archive, '-d', 'four'], env);
  return inEveryNumber(yumops, Object.assign(new URL(url), { pathname: '/ours' }).href, admin, {
    async dump(add) {
      rmSync(directory, { recursive: true, force: true });
      add('pgDumpInTwo', await timed('pg_dump', ['-Fd', '-j2', '-Z1', '-f', directory, '-d', 'four'], env));
    },
    async restore(add) {
      await admin.query('DROP DATABASE IF EXISTS peer');
      await admin.query('CREATE DATABASE peer');
      add('pgRestoreInTwo', await timed('pg_restore', ['-j2', '-d', 'peer', archive], env));
    },
  });
}

/** The same into a bucket of the S3 service of the tests, which runs in this process. */
async function inBucket(url, admin) {
  const outfile = join(folder, 'strict-s3.mjs');
  const entry = join(root, 'packages/server/test/support/strict-s3.ts');
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile });
  const s3 = await (await import(outfile)).startStrictS3();
  try {
    const at = join(folder, 'bucket');
    mkdirSync(at);
    writeFileSync(
      join(at, 'yumops.yml'),
      `stores: {blobs: "${s3.url}"}\ndatabases: [{name: four, url: "${url.replace(/\/app$/, '/four')}"}]\nbackups:\n  - {name: four, database: four, key: "file:../backup.key"}\n`,
    );
    const store = (...args) =>
      timed(process.execPath, [COMMAND, 'backup', ...args, '--config', at, '--data', join(at, 'data'), '--json']);
    return await inEveryNumber(store, Object.assign(new URL(url), { pathname: '/ours' }).href, admin);
  } finally {
    await s3.stop();
  }
}

function writeConfiguration(url) {
  writeFileSync(
    join(folder, 'yumops.yml'),
    `databases: [{name: main, url: "${url}"}, {name: four, url: "${url.replace(/\/app$/, '/four')}"}]\nbackups:\n  - {name: four, database: four, key: "file:./backup.key"}\n  - {name: rows, database: main, key: "file:./backup.key"}\n  - {name: bare, database: main, key: "file:./backup.key", row_hash: off}\n  - {name: files, files: [./files], key: "file:./backup.key"}\n`,
  );
  spawnSync(process.execPath, [COMMAND, 'backup', 'key', 'create', join(folder, 'backup.key')]);
}

const yumops = (...args) =>
  timed(process.execPath, [COMMAND, 'backup', ...args, '--config', folder, '--data', join(folder, 'data'), '--json']);

async function dumps(env) {
  const ours = [];
  const bare = [];
  const theirs = [];
  for (let n = 0; n < Number(values.rounds); n++) {
    theirs.push(await timed('pg_dump', ['-Fc', '-Z1', '-f', join(folder, 'peer.dump'), '-d', 'app'], env));
    ours.push(await yumops('now', 'rows'));
    bare.push(await yumops('now', 'bare'));
  }
  return { ours, bare, theirs };
}

async function restores(id, url, env, admin) {
  const ours = [];
  const theirs = [];
  for (let n = 0; n < Number(values.rounds); n++) {
    await admin.query('DROP DATABASE IF EXISTS peer');
    await admin.query('CREATE DATABASE peer');
    theirs.push(await timed('pg_restore', ['-d', 'peer', join(folder, 'peer.dump')], env));
    await admin.query('DROP DATABASE IF EXISTS ours');
    ours.push(await yumops('restore', id, '--to', url.replace(/\/app$/, '/ours')));
  }
  return { ours, theirs };
}

/** Backs files up, changes one percent of their bytes in one place of each file, and backs them up again. */
async function files() {
  mkdirSync(join(folder, 'files'));
  const size = 10_000_000;
  const bytes = Buffer.alloc(size);
  const names = Array.from({ length: Math.ceil((Number(values['files-mb']) * 1e6) / size) }, (_, n) =>
    join(folder, 'files', `${n}`),
  );
  for (const name of names) writeFileSync(name, randomFillSync(bytes));
  const first = await yumops('now', 'files');
  const piece = randomFillSync(Buffer.alloc(size / 100));
  for (const name of names) writeSync(openSync(name, 'r+'), piece, 0, piece.length, size / 2);
  const second = await yumops('now', 'files');
  const [a, b] = [JSON.parse(first.text), JSON.parse(second.text)];
  return {
    filesMB: Math.round((names.length * size) / 1e6),
    first: { wall: round(first.wall), storedMB: round(a.bytes / 1e6), peakMB: Math.round(first.peak) },
    afterOnePercent: { wall: round(second.wall), storedMB: round(b.bytes / 1e6), share: round(b.bytes / a.bytes) },
  };
}

const side = (runs) => ({
  wall: runs.map(({ wall }) => round(wall)),
  median: round(median(runs.map(({ wall }) => wall))),
});

function write(name, measured) {
  const about = {
    at: new Date().toISOString(),
    node: process.version,
    postgres: MAJOR,
    cpus: cpus().length,
    load: loadavg().map((n) => Math.round(n * 10) / 10),
  };
  const text = JSON.stringify({ ...about, ...measured }, null, 2);
  console.log(text);
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, `bench/results/${name}.json`), `${text}\n`);
}

/** All but the numbers of jobs, beside the peers. */
async function inOneJob(url, env, admin, size) {
  const dump = await dumps(env);
  const last = JSON.parse(dump.ours.at(-1).text);
  const restore = await restores(last.id, url, env, admin);
  const verify = await yumops('verify', last.id, '--level', '3');
  return {
    databaseMB: Math.round(size / 1e6),
    dump: {
      ours: {
        ...side(dump.ours),
        storedMB: round(last.bytes / 1e6),
        peakMB: Math.round(Math.max(...dump.ours.map(({ peak }) => peak))),
      },
      withoutRowHash: side(dump.bare),
      pgDump: { ...side(dump.theirs), storedMB: round(statSync(join(folder, 'peer.dump')).size / 1e6) },
    },
    dumpWithoutRowHashToPeer: round(
      median(dump.bare.map(({ wall }) => wall)) / median(dump.theirs.map(({ wall }) => wall)),
    ),
    dumpToPeer: round(median(dump.ours.map(({ wall }) => wall)) / median(dump.theirs.map(({ wall }) => wall))),
    restore: {
      ours: { ...side(restore.ours), peakMB: Math.round(Math.max(...restore.ours.map(({ peak }) => peak))) },
      pgRestore: side(restore.theirs),
    },
    restoreToPeer: round(median(restore.ours.map(({ wall }) => wall)) / median(restore.theirs.map(({ wall }) => wall))),
    verifiedByRestoring: { wall: round(verify.wall), phases: JSON.parse(verify.text).phases },
  };
}

/** Fills a database. @returns what `work` gives */
async function filled(url, work) {
  const app = new pg.Client({ connectionString: url });
  app.on('error', () => undefined);
  await app.connect();
  try {
    return await work(app, Number(values.ratings));
  } finally {
    await app.end();
  }
}

/** What programs of PostgreSQL find the server by. */
function environment(url) {
  const { hostname, port, username, password } = new URL(url);
  return { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password };
}

const engine = await startEmbeddedPostgres({
  dataDir: join(folder, 'server'),
  major: MAJOR,
  settings: { max_wal_size: '4GB', shared_buffers: '256MB' },
  clock: systemClock,
  log,
});
try {
  const admin = new pg.Client({ connectionString: engine.url });
  // Its server is stopped under it when something fails; that error would hide the first.
  admin.on('error', () => undefined);
  await admin.connect();
  await admin.query('CREATE DATABASE app');
  const url = engine.url.replace(/\/postgres$/, '/app');
  writeConfiguration(url);
  if (values.jobs) {
    await admin.query('CREATE DATABASE four');
    await filled(url.replace(/\/app$/, '/four'), fillFour);
    write('backup-jobs', { jobs: await inJobs(url, environment(url), admin), bucket: await inBucket(url, admin) });
  } else {
    const size = await filled(url, fill);
    write('backup', { ...(await inOneJob(url, environment(url), admin, size)), files: await files() });
  }
  await admin.end();
} finally {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}
