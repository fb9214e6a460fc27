/**
 * The physical tier beside pg_basebackup and pgBackRest, each on the same server: `npm run bench -- backup-physical [--mb 400]`.
 * Ours compresses, encrypts, hashes every file and stores; pg_basebackup compresses. Then a point-in-time recovery, in a
 * process of its own so that its peak memory is its own. Then increments on the newest server, each in a process of its own,
 * after one percent of the rows changed: side by side, and spread over the whole table. Their peak must not grow with --mb.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { BackupKey, BackupKeys, Repository } from '../../packages/server/dist/care/backup/index.js';
import { backUpPhysically, WalKeeper } from '../../packages/server/dist/care/backup/physical/index.js';
import { startEmbeddedPostgres } from '../../packages/server/dist/engines/index.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';
import { openBlobStore } from '../../packages/server/dist/store/blob/index.js';
import { connectReplication } from '../../packages/server/dist/store/replication/index.js';
import { root } from '../../scripts/lib/root.mjs';
import { besidePgBackRest } from './pgbackrest.mjs';

const { values } = parseArgs({ options: { mb: { type: 'string', default: '400' } } });
const MAJOR = 15;
const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log };
const folder = mkdtempSync(join(tmpdir(), 'yumops-bench-physical-'));
const seconds = (ms) => Math.round(ms / 10) / 100;

async function timed(work) {
  const since = performance.now();
  const cpu = process.cpuUsage();
  const result = await work();
  const used = process.cpuUsage(cpu);
  return { result, wall: seconds(performance.now() - since), cpu: seconds((used.user + used.system) / 1000) };
}

/** Rows as an application has them: ids, names, prices, times, some prose. */
async function fill(app, mb) {
  await app.query(`CREATE TABLE ratings (id bigint PRIMARY KEY, restaurant int, score int, at timestamptz, body text)`);
  for (let n = 0; ; n += 50_000) {
    await app.query(
      `INSERT INTO ratings SELECT n, n % 997, 1 + n % 5, now() - n * interval '1 second',
         'Rated ' || n || ' ' || md5(n::text) || ' by ' || md5((n * 7)::text) || repeat(' good food', (n % 20)::int)
       FROM generate_series($1::bigint, $1::bigint + 49999) n`,
      [n],
    );
    const { rows } = await app.query('SELECT pg_database_size(current_database()) AS size');
    if (Number(rows[0].size) > mb * 1e6) return Number(rows[0].size);
  }
}

function peakMemory() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

function baseBackupPeer(url) {
  if (spawnSync('pg_basebackup', ['--version']).status !== 0) return undefined;
  const target = join(folder, 'peer');
  const { username, password, hostname, port } = new URL(url);
  const since = performance.now();
  execFileSync(
    'pg_basebackup',
    ['-h', hostname, '-p', port, '-U', username, '-D', target, '-Ft', '-z', '-Z', '1', '-X', 'stream', '-c', 'fast'],
    { env: { ...process.env, PGPASSWORD: password } },
  );
  return {
    wall: seconds(performance.now() - since),
    bytes: Number(execFileSync('du', ['-sb', target]).toString().split('\t')[0]),
  };
}

/** Runs a script of this folder in a process of its own. */
function elsewhere(script, name, options) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, [path], {
    env: { ...process.env, [name]: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${script} failed`);
  return JSON.parse(stdout.toString());
}

const recoverElsewhere = (options) => elsewhere('recover.mjs', 'RECOVER', options);

/** What increments hold after one percent of the rows changed, and whether they restore with every row the same. */
async function increments(mb) {
  const home = join(folder, 'incremental');
  const server = await startEmbeddedPostgres({
    dataDir: join(home, 'server'),
    major: 18,
    settings: { max_wal_size: '2GB' },
    clock: systemClock,
    log,
  });
  const app = new pg.Client({ connectionString: server.url });
  app.on('error', () => undefined);
  try {
    await app.connect();
    await fill(app, mb);
    const rows = Number((await app.query('SELECT count(*) AS n FROM ratings')).rows[0].n);
    await app.query('VACUUM (FREEZE, ANALYZE)');
    await app.query('CHECKPOINT');
    const key = BackupKey.create().toLine();
    const backUp = () =>
      elsewhere('back-up.mjs', 'BACK_UP', { folder: home, key, url: server.url, fullEveryMs: 86_400_000 });
    const full = backUp();
    await app.query(`UPDATE ratings SET score = 9 WHERE id >= ${Math.floor(rows * 0.99)}`);
    const sideBySide = backUp();
    await app.query(`UPDATE ratings SET score = 8 WHERE id % 100 = 0`);
    const spread = backUp();
    const hash = 'SELECT count(*) || sum(hashtextextended(t::text, 0))::text AS hash FROM ratings t';
    const expected = (await app.query(hash)).rows[0].hash;
    const restored = recoverElsewhere({ folder: home, key, base: spread.id, query: hash });
    const share = (backup) => Math.round((1_000 * backup.bytes) / full.bytes) / 1_000;
    const stored = (bytes) => Math.round(bytes / 1e4) / 100;
    const of = ({ wall, cpu, peakMB, bytes, hashes }) => ({
      ...{ wall, cpu, peakMB, storedMB: stored(bytes), hashesMB: stored(hashes) },
    });
    return {
      full: of(full),
      sideBySide: { ...of(sideBySide), share: share(sideBySide) },
      spread: { ...of(spread), share: share(spread) },
      restore: { wall: restored.wall, links: 3, peakMB: restored.peakMB, rowsSame: restored.value === expected },
    };
  } finally {
    await app.end();
    await server.stop();
  }
}

/** Backups of ours of the server that pgBackRest backs up. */
function oursBesidePgBackRest() {
  const home = join(folder, 'beside');
  const key = BackupKey.create();
  return {
    majors: [15, 18],
    async backUp(url) {
      const origin = connectReplication('main', url, systemClock);
      const store = await openBlobStore(`file:${join(home, 'blobs')}`, folder);
      const repository = new Repository(store, 'bench', new BackupKeys([key]));
      try {
        return await backUpPhysically({
          ...{ repository, source: origin, database: 'main', clock: systemClock, log, madeBy: 'bench', slotLimit: 4e9 },
        });
      } finally {
        await origin.close();
      }
    },
    fetch: ({ id }) => recoverElsewhere({ folder: home, key: key.toLine(), base: id }).phases.fetch,
  };
}

const engine = await startEmbeddedPostgres({
  dataDir: join(folder, 'server'),
  major: MAJOR,
  settings: { max_wal_size: '2GB' },
  clock: systemClock,
  log,
});
const source = connectReplication('main', engine.url, systemClock);
try {
  const app = new pg.Client({ connectionString: engine.url });
  await app.connect();
  const size = await fill(app, Number(values.mb));
  // A new slot holds the log from the last checkpoint on.
  await app.query('CHECKPOINT');
  const store = await openBlobStore(`file:${join(folder, 'blobs')}`, folder);
  const key = BackupKey.create();
  const repository = new Repository(store, 'bench', new BackupKeys([key]));
  const input = { repository, source, database: 'main', clock: systemClock, log, madeBy: 'bench', slotLimit: 4e9 };
  const keeper = new WalKeeper({ ...input, needBase: () => undefined });
  keeper.start();
  const backup = await timed(() => backUpPhysically(input));
  const backupPeak = peakMemory();
  const peer = baseBackupPeer(engine.url);
  await app.query(`UPDATE ratings SET score = 5 WHERE id % 100 = 0`);
  await app.query('CREATE TABLE kept AS SELECT 1 AS n');
  const { rows } = await app.query(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`,
  );
  await app.query('DROP TABLE ratings');
  const dropped = Date.now();
  while ((keeper.status.receiver?.latest ?? 0) < dropped) await systemClock.sleep(100);
  await keeper.stop();
  const pitr = recoverElsewhere({ folder, key: key.toLine(), at: rows[0].at });
  await app.end();
  const result = {
    at: new Date().toISOString(),
    node: process.version,
    postgres: MAJOR,
    cpus: cpus().length,
    load: loadavg().map((n) => Math.round(n * 10) / 10),
    databaseMB: Math.round(size / 1e6),
    base: { wall: backup.wall, cpu: backup.cpu, storedMB: Math.round(backup.result.bytes / 1e5) / 10 },
    pgBasebackup: peer && { wall: peer.wall, storedMB: Math.round(peer.bytes / 1e5) / 10 },
    baseToPeer: peer && Math.round((backup.wall / peer.wall) * 100) / 100,
    peakMemoryMB: { backup: Math.round(backupPeak), restore: pitr.peakMB },
    pitr: { wall: pitr.wall, phases: pitr.phases, rows: pitr.rows },
    increments: await increments(Number(values.mb)),
    pgBackRest: await besidePgBackRest({ mb: Number(values.mb), rounds: 3, fill, ours: oursBesidePgBackRest(), timed }),
  };
  console.log(JSON.stringify(result, null, 2));
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, 'bench/results/backup-physical.json'), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await source.close();
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}
