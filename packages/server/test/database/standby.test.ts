import { chownSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { check, open, run } from './server.ts';
import { MemoryLedger, maintain, plan } from './upkeep.ts';

test.each([15, 18] as const)('a standby of Postgres %i is looked at, and never changed', async (major) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'yumops-test-standby-'));
  const start = () =>
    startEmbeddedPostgres({
      ...{ dataDir, major, clock: systemClock, log: createLog(systemClock, () => undefined) },
      settings: { fsync: 'off', autovacuum: 'off' },
    });
  try {
    const primary = await start();
    await run(
      primary.url,
      'CREATE EXTENSION pg_stat_statements',
      'CREATE TABLE t (id int)',
      'INSERT INTO t SELECT generate_series(1, 5000)',
      'DELETE FROM t WHERE id > 1000',
    );
    const client = await open(primary.url);
    const folder = (await client.query('SHOW data_directory')).rows[0].data_directory as string;
    await client.end();
    await primary.stop();
    const signal = join(folder, 'standby.signal');
    await writeFile(signal, '', { mode: 0o600 });
    const { uid, gid } = await stat(folder);
    chownSync(signal, uid, gid);
    const standby = await start();
    try {
      const codes = (await check(standby.url)).map(({ code, severity }) => `${code} ${severity}`);
      expect(codes.filter((code) => code.startsWith('probe_failed'))).toEqual([]);
      const ledger = new MemoryLedger();
      await expect(maintain(standby.url, ['vacuum'], { ledger })).rejects.toMatchObject({ code: 'standby' });
      await expect(plan(standby.url)).rejects.toMatchObject({ code: 'standby' });
      expect(ledger.ends).toEqual([]);
    } finally {
      await standby.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
