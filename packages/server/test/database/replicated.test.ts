import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { ReplicationCommand } from '../../src/store/replication/command.ts';
import { connectReplication } from '../../src/store/replication/index.ts';
import { statusUpdate } from '../../src/store/replication/messages.ts';
import { check, open, run, until } from './server.ts';
import { maintain } from './upkeep.ts';

/** Takes the log as a store of backups does; part of the client programs of 15, which read no other version. */
const RECEIVER = '/usr/lib/postgresql/15/bin/pg_receivewal';

type Major = 15 | 18;

function start(dataDir: string, major: Major, settings: Record<string, string | number>) {
  return startEmbeddedPostgres({
    ...{ dataDir, major, clock: systemClock, log: createLog(systemClock, () => undefined) },
    settings: { fsync: 'off', autovacuum: 'off', max_wal_size: '1GB', ...settings },
  });
}

async function value(url: string, sql: string): Promise<string> {
  const client = await open(url);
  try {
    return (await client.query<string[]>({ text: sql, rowMode: 'array' })).rows[0]?.[0] ?? '';
  } finally {
    await client.end();
  }
}

const codes = async (url: string) => (await check(url)).map(({ code, object }) => `${code} ${object}`);

/** A primary with an archive that fails, and a standby that follows it. */
async function makePair(major: Major, home: string) {
  const settings = {
    archive_mode: 'on',
    archive_command: '/bin/false',
    wal_keep_size: '512MB',
    'pg_stat_statements.max': 100,
  };
  const first = await start(join(home, 'primary'), major, settings);
  await run(first.url, 'CREATE EXTENSION pg_stat_statements');
  const folder = await value(first.url, 'SHOW data_directory');
  await first.stop();
  const empty = await start(join(home, 'standby'), major, {});
  const target = await value(empty.url, 'SHOW data_directory');
  await empty.stop();
  const { uid, gid } = statSync(target);
  rmSync(target, { recursive: true });
  execFileSync('cp', ['-a', folder, target]);
  writeFileSync(join(target, 'standby.signal'), '', { mode: 0o600 });
  await chown(join(target, 'standby.signal'), uid, gid);
  const primary = await start(join(home, 'primary'), major, settings);
  const { hostname, port, username, password } = new URL(primary.url);
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password} application_name=follower`;
  const standby = await start(join(home, 'standby'), major, {
    ...{
      primary_conninfo: conninfo,
      hot_standby: 'on',
      max_standby_streaming_delay: 0,
      wal_receiver_status_interval: 1,
    },
  });
  const standbyUrl = new URL(standby.url);
  standbyUrl.password = password;
  return { primary, standby, standbyUrl: standbyUrl.href };
}

/** Follows the log and says that it has applied nothing since; given no name, as a standby that is set up in haste. */
async function followUnnamed(url: string, slot: string | null): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'walreceiver',
    replication: 'true',
  } as object);
  client.on('error', () => undefined);
  await client.connect();
  const position = (await new ReplicationCommand(client, 'IDENTIFY_SYSTEM').rows())[0]?.[2] ?? '';
  const [high = '', low = ''] = position.split('/');
  const applied = (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
  const stream = new ReplicationCommand(
    client,
    `START_REPLICATION ${slot === null ? '' : `SLOT ${slot} PHYSICAL `}${position}`,
  );
  await stream.started;
  const status = statusUpdate(applied, applied, Date.now());
  status.writeBigUInt64BE(applied, 17);
  stream.send(status);
  return client;
}

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let home: string;
  let pair: Awaited<ReturnType<typeof makePair>>;
  let url: string;
  let standbyUrl: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'yumops-test-replicated-'));
    pair = await makePair(major, home);
    ({ standbyUrl } = pair);
    url = pair.primary.url;
    await until(async () => (await value(url, 'SELECT count(*)::text FROM pg_stat_replication')) === '1');
  }, 120_000);

  afterAll(async () => {
    await pair?.standby.stop();
    await pair?.primary.stop();
    await rm(home, { recursive: true, force: true });
  });

  const of = async (at: string, code: string, limits = {}) =>
    (await check(at, limits)).filter((one) => one.code === code);
  const writeLog = (megabytes: number) =>
    run(url, `SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000)) FROM generate_series(1, ${megabytes})`);
  const caughtUp = () =>
    until(
      async () =>
        (await value(
          url,
          "SELECT (replay_lsn >= pg_current_wal_lsn())::text FROM pg_stat_replication WHERE application_name = 'follower'",
        )) === 'true',
    );

  test('a standby that falls behind is told by its name, in bytes and in time, and upkeep waits for it', async () => {
    expect((await codes(url)).filter((line) => !line.startsWith('archiver'))).toEqual([]);
    expect(await codes(standbyUrl)).toEqual([]);
    await run(url, 'CREATE TABLE changed AS SELECT generate_series(1, 3000) AS id');
    await caughtUp();

    await run(standbyUrl, 'SELECT pg_wal_replay_pause()');
    await writeLog(120);
    await until(async () => (await codes(url)).includes('replication_lag standby follower'));
    const [behind] = await of(url, 'replication_lag');
    expect(behind).toMatchObject({ severity: 'warning', message: expect.stringMatching(/^follower is 1\d\d MB/) });
    await run(url, behind?.fix as string);
    const inTime = { replication_lag_bytes: 1e15, replication_lag: 0.5, replication_lag_critical: 1 };
    await until(async () => (await of(url, 'replication_lag', inTime))[0]?.severity === 'critical');
    const upkeep = async () => (await maintain(url, ['analyze'], { maxReplicaLag: 500 })).actions;
    expect(await upkeep()).toMatchObject([
      { status: 'skipped', error: expect.stringMatching(/a standby is .* behind/) },
    ]);
    await until(async () => (await codes(standbyUrl)).includes('replication_lag this standby'));
    const [paused] = await of(standbyUrl, 'replication_lag');
    expect(paused).toMatchObject({
      message: expect.stringContaining('Replay is paused'),
      fix: 'SELECT pg_wal_replay_resume();',
    });
    await run(standbyUrl, paused?.fix as string);
    await until(async () => !(await codes(url)).some((line) => line.startsWith('replication_lag')));
    await caughtUp();
    expect(await upkeep()).toMatchObject([{ status: 'done' }]);
  });

  test('who takes the log for a backup is no standby: upkeep does not wait for it, its slot tells how far it is', async () => {
    const source = connectReplication('main', url, systemClock);
    await source.createSlot('ours');
    const { timeline, flushed } = await source.identify();
    const stream = await source.streamWal({ slot: 'ours', timeline, start: flushed });
    stream.report(flushed);
    let receiver: ChildProcess | undefined;
    if (major === 15 && existsSync(RECEIVER)) {
      await run(url, "SELECT pg_create_physical_replication_slot('theirs', true)");
      const { hostname, port, username, password } = new URL(url);
      const target = await mkdtemp(join(home, 'received-'));
      const args = ['-D', target, '-S', 'theirs', '-h', hostname, '-p', port, '-U', username, '-w', '--no-loop'];
      receiver = spawn(RECEIVER, args, { env: { PGPASSWORD: password }, stdio: 'ignore' });
    }
    const takers = receiver ? 2 : 1;
    try {
      const streaming =
        "SELECT count(*)::text FROM pg_stat_replication WHERE state = 'streaming' AND flush_lsn IS NOT NULL";
      await until(async () => (await value(url, streaming)) === String(1 + takers));
      // It stands still, as where its store is away.
      receiver?.kill('SIGSTOP');
      await writeLog(20);
      await run(url, 'CREATE TABLE t AS SELECT i FROM generate_series(1, 5000) i', 'CREATE INDEX lonely ON t (i)');
      await caughtUp();
      const lags = await of(url, 'replication_lag', { replication_lag_bytes: 1_000_000, replication_lag: 0.001 });
      expect(lags.map(({ object }) => object).filter((object) => object !== 'standby follower')).toEqual([]);
      const slots = await of(url, 'slot_retention', { slot_critical: 1_000_000 });
      expect(slots.map(({ object }) => object)).toEqual(takers === 2 ? ['slot ours', 'slot theirs'] : ['slot ours']);
      const { status, actions } = await maintain(url, ['analyze'], { maxReplicaLag: 2_000, patience: 10_000 });
      expect([status, actions.length]).toEqual(['done', 1]);
      expect(await of(url, 'unused_index', { unused_index_age: 0 })).toMatchObject([
        {
          severity: 'info',
          message: expect.stringContaining(
            'Reads on a standby are counted there alone, and a standby follows this server',
          ),
        },
      ]);
    } finally {
      stream.stop();
      await source.close();
      receiver?.kill('SIGKILL');
      await until(async () => (await value(url, 'SELECT count(*)::text FROM pg_stat_replication')) === '1');
      await run(url, 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active');
    }
  });

  test('standbys without a name of their own are told apart', async () => {
    await run(url, "SELECT pg_create_physical_replication_slot('berlin', true)");
    const clients = [await followUnnamed(url, 'berlin'), await followUnnamed(url, null)];
    try {
      await writeLog(5);
      const objects = async () =>
        (await of(url, 'replication_lag', { replication_lag_bytes: 4_000_000 })).map(({ object }) => object).sort();
      await caughtUp();
      await until(async () => (await objects()).length === 2);
      expect(await objects()).toEqual([
        expect.stringMatching(/^standby walreceiver \(pid \d+\)$/),
        'standby walreceiver (slot berlin)',
      ]);
    } finally {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await until(async () => (await value(url, 'SELECT count(*)::text FROM pg_stat_replication')) === '1');
      await run(url, "SELECT pg_drop_replication_slot('berlin')");
    }
  });

  test('statements that a standby ends for vacuum are told with the way out, and then who holds vacuum up', async () => {
    await run(url, 'CREATE TABLE read (id int PRIMARY KEY); INSERT INTO read SELECT generate_series(1, 24000)');
    const reader = async () => {
      await caughtUp();
      const client = await open(standbyUrl);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await client.query('SELECT count(*) FROM read');
      return client;
    };
    const first = await reader();
    await run(url, 'DELETE FROM read WHERE id <= 12000', 'VACUUM read');
    await until(async () => (await of(standbyUrl, 'standby_conflicts')).length === 1);
    await expect(first.query('SELECT count(*) FROM read')).rejects.toThrow(
      /conflict with recovery|terminated|not queryable/,
    );
    await first.end().catch(() => undefined);
    const [told] = await of(standbyUrl, 'standby_conflicts');
    expect(told).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('One statement of this standby was ended'),
      fix: 'ALTER SYSTEM SET hot_standby_feedback = on;',
    });
    expect(await of(url, 'standby_conflicts')).toEqual([]);
    await run(standbyUrl, told?.fix as string, 'SELECT pg_reload_conf()');
    expect(await of(standbyUrl, 'standby_conflicts')).toMatchObject([
      { fix: expect.stringContaining('max_standby_streaming_delay') },
    ]);

    const second = await reader();
    const told2 =
      "SELECT (backend_xmin IS NOT NULL)::text FROM pg_stat_replication WHERE application_name = 'follower'";
    await until(async () => (await value(url, told2)) === 'true');
    await run(
      url,
      'DO $$ BEGIN FOR i IN 12001..24000 LOOP BEGIN DELETE FROM read WHERE id = i; EXCEPTION WHEN others THEN END; END LOOP; END $$',
      'VACUUM read',
    );
    await until(async () =>
      (await of(url, 'vacuum')).some(({ message }) => message.includes('Standby follower holds')),
    );
    await caughtUp();
    expect((await second.query('SELECT count(*)::int AS rows FROM read')).rows).toEqual([{ rows: 12_000 }]);
    await second.end();
  });

  test('an archive that fails, a full list of statements, and checkpoints that come early are told of', async () => {
    await run(url, 'SELECT pg_switch_wal()');
    await until(async () => (await codes(url)).includes('archiver WAL archive'));
    const [archive] = await of(url, 'archiver');
    expect(archive).toMatchObject({ severity: 'critical', message: expect.stringContaining('none was ever archived') });
    await run(url, archive?.fix as string);

    await run(url, ...Array.from({ length: 160 }, (_, columns) => `SELECT ${'1, '.repeat(columns)}1`));
    const full = await of(url, 'statement_evictions', { statement_evictions_per_day: 1 });
    expect(full).toMatchObject([{ severity: 'info', message: expect.stringContaining('list of 100 statements') }]);
    await run(url, full[0]?.fix as string);

    await run(url, ...Array.from({ length: 51 }, () => 'CHECKPOINT'));
    await until(async () => (await codes(url)).includes('checkpoints checkpoints'));
    const [early] = await of(url, 'checkpoints');
    expect(early?.message).toMatch(/^\d+ of \d+ checkpoints/);
    await run(url, early?.fix as string);
  });
});
