import { execFileSync } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { check, open, run, until } from './server.ts';

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
  const standby = await start(join(home, 'standby'), major, { primary_conninfo: conninfo, hot_standby: 'on' });
  const standbyUrl = new URL(standby.url);
  standbyUrl.password = password;
  return { primary, standby, standbyUrl: standbyUrl.href };
}

test.each([15, 18] as const)(
  'Postgres %i: a standby that falls behind, an archive that fails, checkpoints that come early',
  async (major) => {
    const home = await mkdtemp(join(tmpdir(), 'yumops-test-replicated-'));
    const { primary, standby, standbyUrl } = await makePair(major, home);
    const { url } = primary;
    try {
      await until(async () => (await value(url, 'SELECT count(*)::text FROM pg_stat_replication')) === '1');
      expect((await codes(url)).filter((line) => !line.startsWith('archiver'))).toEqual([]);
      expect(await codes(standbyUrl)).toEqual([]);

      await run(standbyUrl, 'SELECT pg_wal_replay_pause()');
      await run(url, "SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000)) FROM generate_series(1, 120)");
      await until(async () => (await codes(url)).includes('replication_lag standby follower'));
      const behind = (await check(url)).find(({ code }) => code === 'replication_lag');
      expect(behind?.message).toMatch(/^follower is 1\d\d MB/);
      await run(url, behind?.fix as string);
      await until(async () => (await codes(standbyUrl)).includes('replication_lag this standby'));
      const paused = (await check(standbyUrl)).find(({ code }) => code === 'replication_lag');
      expect(paused).toMatchObject({
        message: expect.stringContaining('Replay is paused'),
        fix: 'SELECT pg_wal_replay_resume();',
      });
      await run(standbyUrl, paused?.fix as string);
      await until(async () => !(await codes(url)).some((line) => line.startsWith('replication_lag')));

      await run(url, 'SELECT pg_switch_wal()');
      await until(async () => (await codes(url)).includes('archiver WAL archive'));
      const archive = (await check(url)).find(({ code }) => code === 'archiver');
      expect(archive).toMatchObject({
        severity: 'critical',
        message: expect.stringContaining('none was ever archived'),
      });
      await run(url, archive?.fix as string);

      await run(url, ...Array.from({ length: 160 }, (_, columns) => `SELECT ${'1, '.repeat(columns)}1`));
      const full = (await check(url, { statement_evictions_per_day: 1 })).filter(
        ({ code }) => code === 'statement_evictions',
      );
      expect(full).toMatchObject([{ severity: 'info', message: expect.stringContaining('list of 100 statements') }]);
      await run(url, full[0]?.fix as string);

      await run(url, ...Array.from({ length: 51 }, () => 'CHECKPOINT'));
      await until(async () => (await codes(url)).includes('checkpoints checkpoints'));
      const early = (await check(url)).find(({ code }) => code === 'checkpoints');
      expect(early?.message).toMatch(/^5\d of 5\d checkpoints/);
      await run(url, early?.fix as string);

      await run(url, 'CREATE TABLE t AS SELECT i FROM generate_series(1, 5000) i', 'CREATE INDEX lonely ON t (i)');
      const unused = (await check(url, { unused_index_age: 0 })).find(({ code }) => code === 'unused_index');
      expect(unused).toMatchObject({
        severity: 'info',
        message: expect.stringContaining(
          'Reads on a standby are counted there alone, and a standby follows this server',
        ),
      });
    } finally {
      await standby.stop();
      await primary.stop();
      await rm(home, { recursive: true, force: true });
    }
  },
  180_000,
);
