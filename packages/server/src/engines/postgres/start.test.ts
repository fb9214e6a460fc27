import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seedCluster } from '../../../test/support/engine-templates.mjs';
import { systemClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import { startOf } from '../../lib/process-identity.ts';
import { connectState } from '../../store/state/index.ts';
import { freePort } from '../free-port.ts';
import { engineUser } from '../os-user.ts';
import type { EngineHandle } from '../supervisor.ts';
import { prepareBinaries } from './binaries.ts';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from './start.ts';

const lines: string[] = [];
const log = createLog(systemClock, (line) => lines.push(line), 'warn');
const built = fileURLToPath(new URL('../../../dist/', import.meta.url));
const isRoot = process.getuid?.() === 0;

let home: string;
const running: EngineHandle[] = [];

beforeEach(async () => {
  lines.length = 0;
  home = await mkdtemp(join(tmpdir(), 'yumops-postgres-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((engine) => engine.stop()));
  await rm(home, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EngineHandle> {
  const engine = await startEmbeddedPostgres({
    dataDir: home,
    settings: { fsync: 'off' },
    clock: systemClock,
    log,
    ...options,
  });
  running.push(engine);
  return engine;
}

async function ask<Row>(url: string, sql: string): Promise<Row[]> {
  const db = connectState(url, { log, maxConnections: 1 });
  try {
    return await db.query<Row>(sql);
  } finally {
    await db.close();
  }
}

async function until(condition: () => Promise<boolean> | boolean, limit = 25_000): Promise<void> {
  const end = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A platform of its own that starts the server, says its process number and address, and waits. */
function startElsewhere(dataDir: string, options: { uid?: number; gid?: number } = {}) {
  const script = `
    import { startEmbeddedPostgres } from '${built}engines/index.js';
    import { systemClock } from '${built}lib/clock.js';
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const engine = await startEmbeddedPostgres({ dataDir: process.env.FOLDER, clock: systemClock, log });
    console.log(JSON.stringify({ pid: engine.pid, url: engine.url }));
    process.on('SIGTERM', () => engine.stop().then(() => process.exit(0)));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, FOLDER: dataDir },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
}

async function firstWord(child: ReturnType<typeof startElsewhere>): Promise<{ pid: number; url: string }> {
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return JSON.parse(said.toString());
}

test('runs a durable, checksummed server with statement statistics, and keeps its data', async () => {
  const first = await start({ settings: {} });
  const shown = await ask<{ name: string; setting: string }>(
    first.url,
    `SELECT name, setting FROM pg_settings WHERE name IN
     ('fsync', 'data_checksums', 'summarize_wal', 'shared_preload_libraries', 'password_encryption', 'TimeZone') ORDER BY name`,
  );
  expect(Object.fromEntries(shown.map(({ name, setting }) => [name, setting]))).toEqual({
    TimeZone: 'UTC',
    data_checksums: 'on',
    fsync: 'on',
    password_encryption: 'scram-sha-256',
    shared_preload_libraries: 'pg_stat_statements',
    summarize_wal: 'on',
  });
  await ask(first.url, 'CREATE EXTENSION pg_stat_statements');
  expect(statSync(join(home, 'password')).mode & 0o777).toBe(0o600);
  expect(readdirSync(home).filter((name) => name.includes('new'))).toEqual([]);
  await first.stop();
  const second = await start();
  expect(await ask(second.url, 'SELECT count(*) > 0 AS seen FROM pg_stat_statements')).toEqual([{ seen: true }]);
});

test('wants the password', async () => {
  await seedCluster(home);
  const engine = await start();
  await expect(ask(engine.url.replace(/:\w+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({
    code: 'state_unavailable',
  });
});

test('runs PostgreSQL 15 as well, and refuses the data of another version', async () => {
  const engine = await start({ major: 15, settings: { wal_level: 'logical' } });
  expect(await ask(engine.url, 'SHOW wal_level')).toEqual([{ wal_level: 'logical' }]);
  expect(await ask<{ server_version: string }>(engine.url, 'SHOW server_version')).toEqual([
    { server_version: expect.stringMatching(/^15\./) },
  ]);
  await engine.stop();
  await expect(start()).rejects.toMatchObject({ code: 'postgres_version' });
});

test('starts again under the same address after a crash', async () => {
  await seedCluster(home);
  const engine = await start();
  const killed = engine.pid as number;
  const exited = new Promise((resolve) => engine.onExit(resolve));
  process.kill(killed, 'SIGKILL');
  expect(await exited).toMatchObject({ pid: killed, signal: 'SIGKILL' });
  await until(() =>
    ask(engine.url, 'SELECT 1').then(
      () => true,
      () => false,
    ),
  );
  expect(engine.pid).not.toBe(killed);
});

test('refuses a second platform on the same folder and names the first', async () => {
  await seedCluster(home);
  const other = startElsewhere(home);
  await firstWord(other);
  await expect(start()).rejects.toMatchObject({
    code: 'engine_in_use',
    message: expect.stringContaining(`process ${other.pid}`),
  });
  other.kill('SIGTERM');
  await once(other, 'exit');
  await start();
});

test('a killed platform leaves no server, and the next one takes over', async () => {
  await seedCluster(home);
  const other = startElsewhere(home);
  const { pid, url } = await firstWord(other);
  await ask(url, 'CREATE TABLE kept AS SELECT 7 AS n');
  other.kill('SIGKILL');
  await once(other, 'exit');
  const engine = await start();
  expect(startOf(pid)).toBeUndefined();
  expect(await ask(engine.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
});

test('stops a server that outlived its platform', async () => {
  await seedCluster(home);
  await (await start()).stop();
  const user = engineUser();
  const { postgres, env } = await prepareBinaries(18, join(home, 'data'), user);
  const orphan = spawn(
    postgres,
    ['-D', join(home, 'data'), '-c', `port=${await freePort()}`, '-c', 'unix_socket_directories='],
    {
      ...user,
      env,
      stdio: 'ignore',
    },
  );
  const ended = once(orphan, 'exit');
  await until(() => existsSync(join(home, 'data/postmaster.pid')));
  const engine = await start();
  await ended;
  expect(lines.join()).toContain('earlier run left behind');
  expect(await ask(engine.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('is not misled by a process that was given the number of a dead server or platform', async () => {
  await seedCluster(home);
  await (await start()).stop();
  const stranger = spawn('sleep', ['60'], { ...engineUser(), stdio: 'ignore' });
  await writeFile(join(home, 'data/postmaster.pid'), `${stranger.pid}\n${join(home, 'data')}\n1\n5432\n\n\n\nready\n`);
  await writeFile(join(home, 'owner.json'), JSON.stringify({ pid: stranger.pid, start: 'another/1' }));
  const engine = await start();
  expect(await ask(engine.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(startOf(stranger.pid as number)).toBeDefined();
  stranger.kill();
});

describe.runIf(isRoot)('where root installs and others may not look', () => {
  test('puts data and programs where the server’s user can reach them', async () => {
    await chmod(home, 0o700);
    const dataDir = join(home, 'state');
    const engine = await start({ dataDir });
    await ask(engine.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const moved = (await readFile(join(dataDir, 'data-location'), 'utf8')).trim();
    expect(existsSync(join(moved, 'PG_VERSION'))).toBe(true);
    await engine.stop();
    expect(await ask((await start({ dataDir })).url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await Promise.all(running.splice(0).map((each) => each.stop()));
    await rm(moved, { recursive: true });
    await rm(`${moved}-lib`, { recursive: true });
  });

  test('an ordinary user needs nothing of root', async () => {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })));
    const own = join(home, 'own');
    await chmod(home, 0o755);
    await mkdir(own);
    execFileSync('chown', [`${uid}:${gid}`, own]);
    const other = startElsewhere(join(own, 'state'), { uid: uid as number, gid: gid as number });
    const { url } = await firstWord(other);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    other.kill('SIGTERM');
    expect(await once(other, 'exit')).toEqual([0, null]);
  });
});
