import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { MaintenanceRunner, StoredLedger } from '../../src/care/database/index.ts';
import { startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { connectMaintained } from '../../src/store/monitored/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { asRole, open, run } from './server.ts';
import { maintain, plan, settings } from './upkeep.ts';

const PAGE = 8_192;

let state: StateServer;

beforeAll(async () => {
  state = await startStateServer();
});

afterAll(() => state?.stop());

/** Turns over bits of the rows in the second page of a file: the first leaf of a btree. */
async function damage(path: string): Promise<void> {
  const file = await openFile(path, 'r+');
  try {
    const bytes = Buffer.alloc(512);
    await file.read(bytes, 0, bytes.length, PAGE + 6_000);
    await file.write(
      bytes.map((byte) => byte ^ 0xff),
      0,
      bytes.length,
      PAGE + 6_000,
    );
  } finally {
    await file.close();
  }
}

async function one(url: string, sql: string): Promise<Record<string, string>> {
  const client = await open(url);
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

describe.each([15, 18] as const)('Postgres %i', (major) => {
  test('finds an index whose file was damaged, and no other', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'yumops-test-amcheck-'));
    const start = () =>
      startEmbeddedPostgres({
        ...{ dataDir, major, clock: systemClock, log: createLog(systemClock, () => undefined) },
        settings: { fsync: 'off', autovacuum: 'off' },
      });
    let server = await start();
    try {
      await run(
        server.url,
        'CREATE EXTENSION amcheck',
        'CREATE TABLE "T t" (id int PRIMARY KEY, v text)',
        `INSERT INTO "T t" SELECT i, md5(i::text) FROM generate_series(1, 20000) i`,
        'CREATE INDEX "Bad ""ix""" ON "T t" (v)',
        'CREATE INDEX good ON "T t" (v, id)',
        'CHECKPOINT',
      );
      expect(await plan(server.url, ['amcheck'])).toMatchObject([
        { task: 'amcheck', object: '3 btree indexes', before: { indexes: 3 } },
      ]);
      expect(await maintain(server.url, ['amcheck'])).toMatchObject({
        ...{ status: 'done', actions: [{ status: 'done', after: { indexes: 3, corrupt: 0, notVerified: 0 } }] },
      });
      const { folder, path } = await one(
        server.url,
        `SELECT current_setting('data_directory') AS folder, pg_relation_filepath('"Bad ""ix"""') AS path`,
      );
      await server.stop();
      await damage(join(folder as string, path as string));
      server = await start();

      const { db } = await state.database();
      const ledger = new StoredLedger(db, audit);
      const target = () => ({
        name: 'main',
        settings: settings(),
        connect: () => connectMaintained('main', server.url),
      });
      const runner = new MaintenanceRunner({ ledger, clock: systemClock, target });
      const request = { database: 'main', approve: false, startedBy: 'test', trigger: 'manual' as const };
      const { status, actions } = await runner.run({ ...request, tasks: ['amcheck'] });
      expect(status).toBe('failed');
      expect(actions).toMatchObject([
        { status: 'done', after: { indexes: 3, corrupt: 1, notVerified: 0 } },
        {
          object: 'public."Bad ""ix"""',
          status: 'failed',
          statement: 'REINDEX INDEX CONCURRENTLY public."Bad ""ix""";',
          error: expect.stringMatching(/Bad ""ix|invalid page|Bad "ix/),
        },
      ]);
      const found = await ledger.corruptIndexes('main');
      expect(found).toMatchObject([
        { code: 'corrupt_index', severity: 'critical', object: 'public."Bad ""ix"""', fix: actions[1]?.statement },
      ]);
      await run(server.url, found[0]?.fix as string);
      expect((await runner.run({ ...request, tasks: ['amcheck'] })).status).toBe('done');
      expect(await ledger.corruptIndexes('main')).toEqual([]);
      await runner.close();
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

test('says what it lacks, and steps back from a lock', async () => {
  const { url } = await state.database();
  await run(url, 'CREATE TABLE t (id int PRIMARY KEY)', "CREATE ROLE checker LOGIN PASSWORD 'pw'");
  expect(await plan(url)).not.toContainEqual(expect.objectContaining({ task: 'amcheck' }));
  const missing = await maintain(url, ['amcheck']);
  expect(missing).toMatchObject({
    status: 'failed',
    actions: [
      { statement: 'CREATE EXTENSION IF NOT EXISTS amcheck;', error: expect.stringContaining('not installed') },
    ],
  });
  await run(url, missing.actions[0]?.statement as string);
  const denied = await maintain(asRole(url, 'checker', 'pw'), ['amcheck']);
  expect(denied.actions).toMatchObject([{ status: 'failed', error: 'The role "checker" may not run bt_index_check.' }]);
  await run(url, denied.actions[0]?.statement as string);
  expect((await maintain(asRole(url, 'checker', 'pw'), ['amcheck'])).status).toBe('done');
  const holder = await open(url);
  await holder.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
  const { actions } = await maintain(url, ['amcheck']);
  expect(actions).toMatchObject([
    { status: 'failed', after: { notVerified: 1 }, error: expect.stringContaining('lock timeout') },
  ]);
  await holder.query('ROLLBACK');
  await holder.end();
  await run(url, 'DROP OWNED BY checker; DROP ROLE checker');
});
