/**
 * pgBackRest beside ours, on one server of the system's own programs: it reads the data directory and talks through the
 * server's socket, so the embedded server will not do. Both compress at their lowest level, encrypt and store in a directory.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../packages/server/dist/engines/free-port.js';
import { systemClock } from '../../packages/server/dist/lib/clock.js';

const VERSIONS = '/usr/lib/postgresql';

/** The newest server of the system, and why there is no comparison, if so. */
function findPrograms() {
  const majors = existsSync(VERSIONS) ? readdirSync(VERSIONS).filter((name) => /^\d+$/.test(name)) : [];
  const [major] = majors
    .filter((name) => existsSync(join(VERSIONS, name, 'bin/postgres')))
    .sort((a, b) => Number(b) - Number(a));
  if (spawnSync('pgbackrest', ['version']).status !== 0) {
    return { missing: 'pgBackRest is not installed: apt-get install pgbackrest' };
  }
  if (major === undefined) return { missing: 'no Postgres of the system is installed: apt-get install postgresql' };
  return { programs: join(VERSIONS, major, 'bin'), major: Number(major) };
}

function ownerOf(folder) {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres']).toString());
  const user = { uid: id('-u'), gid: id('-g') };
  chownSync(folder, user.uid, user.gid);
  return user;
}

function configure(folder, data, port) {
  const file = join(folder, 'pgbackrest.conf');
  const global = {
    'repo1-path': join(folder, 'repo'),
    'repo1-cipher-type': 'aes-256-cbc',
    'repo1-cipher-pass': 'only-for-a-measurement',
    'log-path': join(folder, 'log'),
    'lock-path': join(folder, 'lock'),
    'spool-path': join(folder, 'spool'),
    'compress-type': 'gz',
    'compress-level': 1,
    'process-max': 2,
    'start-fast': 'y',
    'repo1-retention-full': 9,
    'log-level-file': 'off',
  };
  const stanza = { 'pg1-path': data, 'pg1-port': port, 'pg1-socket-path': folder, 'pg1-user': 'app' };
  const lines = (section) => Object.entries(section).map(([name, value]) => `${name}=${value}`);
  writeFileSync(file, ['[global]', ...lines(global), '[bench]', ...lines(stanza), ''].join('\n'));
  chmodSync(file, 0o644);
  return file;
}

async function startServer(programs, folder, user) {
  const data = join(folder, 'data');
  const at = { ...user, cwd: folder };
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'app', '--auth=trust', '--no-sync'], at);
  const port = await freePort();
  const file = configure(folder, data, port);
  const settings = {
    port,
    unix_socket_directories: folder,
    max_wal_size: '2GB',
    max_slot_wal_keep_size: '4GB',
    archive_mode: 'on',
    archive_command: `pgbackrest --config=${file} --stanza=bench archive-push %p`,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...options], { ...at, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const url = `postgres://app@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
  };
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return { url, file, client, stop };
    } catch (error) {
      if (tries === 100 || child.exitCode !== null) throw error;
      await systemClock.sleep(200);
    }
  }
}

/**
 * Measures both, one after the other: a full backup, and fetching it into a folder.
 * @param fill fills a database
 * @param ours makes a backup of ours, and fetches one in seconds, of those major versions that it has a server for
 * @returns figures, or why there are none
 */
export async function besidePgBackRest({ mb, rounds, fill, ours, timed }) {
  const { missing, programs, major } = findPrograms();
  if (missing !== undefined) return { missing };
  const folder = mkdtempSync(join(tmpdir(), 'yumops-bench-pgbackrest-'));
  const user = ownerOf(folder);
  const server = await startServer(programs, folder, user);
  const run = (...args) =>
    execFileSync('pgbackrest', [`--config=${server.file}`, '--stanza=bench', ...args], { ...user, cwd: folder });
  try {
    const size = await fill(server.client, mb);
    run('stanza-create');
    const results = { theirs: [], ours: [], theirRestores: [], ourRestores: [] };
    for (let round = 0; round < rounds; round++) {
      results.theirs.push(await timed(async () => run('--type=full', 'backup')));
      const made = await timed(() => ours.backUp(server.url, round));
      results.ours.push(made);
      const target = join(folder, `restored-${round}`);
      mkdirSync(target, { mode: 0o700 });
      if (user.uid !== undefined) chownSync(target, user.uid, user.gid);
      results.theirRestores.push(await timed(async () => run(`--pg1-path=${target}`, '--type=immediate', 'restore')));
      rmSync(target, { recursive: true, force: true });
      if (ours.majors.includes(major)) results.ourRestores.push({ wall: ours.fetch(made.result) });
    }
    const [info] = JSON.parse(run('info', '--output=json').toString());
    const stored = info.backup.at(-1).info.repository.size;
    return {
      version: execFileSync('pgbackrest', ['version']).toString().trim(),
      postgres: major,
      databaseMB: Math.round(size / 1e6),
      backup: {
        ours: side(results.ours),
        pgBackRest: side(results.theirs),
        toPeer: ratio(results.ours, results.theirs),
      },
      storedMB: {
        ours: Math.round(results.ours.at(-1).result.bytes / 1e5) / 10,
        pgBackRest: Math.round(stored / 1e5) / 10,
      },
      restore: {
        ours: side(results.ourRestores),
        pgBackRest: side(results.theirRestores),
        toPeer: ratio(results.ourRestores, results.theirRestores),
      },
    };
  } finally {
    await server.client.end().catch(() => undefined);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const median = (runs) => runs.map(({ wall }) => wall).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
const side = (runs) => (runs.length === 0 ? null : { wall: runs.map(({ wall }) => wall), median: median(runs) });
const ratio = (ours, theirs) => (ours.length === 0 ? null : Math.round((100 * median(ours)) / median(theirs)) / 100);
