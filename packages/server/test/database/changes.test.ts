import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../src/care/database/changes/catalogue.ts';
import { readChanges, recordCatalogue } from '../../src/care/database/changes/change-store.ts';
import { readServerFacts } from '../../src/care/database/server-facts.ts';
import type { Db } from '../../src/lib/db.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { asRole, open, run, startEmbeddedServer, type TestServer } from './server.ts';

const MINUTE = 60_000;

let state: StateServer;

beforeAll(async () => {
  state = await startStateServer();
});

afterAll(() => state?.stop());

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
  });

  afterAll(() => server?.stop());

  /** Looks at a database every five minutes, and says what it saw as `action kind object: lines`. */
  async function watching(db: Db, first: number) {
    let now = first;
    return async (url: string) => {
      const connection = await connectMonitored('main', url);
      const facts = await readServerFacts(connection);
      const changes = await recordCatalogue(db, 'main', await readCatalogue(connection, facts, 'plain'), now);
      await connection.close();
      now += 5 * MINUTE;
      return changes.map(({ action, kind, object, detail }) => `${action} ${kind} ${object}: ${detail.join('; ')}`);
    };
  }

  test('dates what changed between two looks, whatever the names, and nothing else', async () => {
    const { db } = await state.database();
    const url = await server.createDatabase('changing');
    await run(
      url,
      'CREATE SCHEMA "S s"',
      'CREATE TABLE "S s"."T ""t""" (id int PRIMARY KEY, "N n" text)',
      'CREATE TABLE old (id int); CREATE INDEX old_ix ON old (id)',
      `CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 1'`,
    );
    const first = Date.UTC(2026, 0, 5);
    const look = await watching(db, first);
    expect(await look(url)).toEqual([]);
    await run(
      url,
      `INSERT INTO old VALUES (1)`,
      'ANALYZE',
      'REINDEX INDEX CONCURRENTLY old_ix',
      'CREATE TEMP TABLE gone (id int)',
    );
    expect(await look(url)).toEqual([]);
    await run(
      url,
      'ALTER TABLE "S s"."T ""t""" ADD COLUMN email varchar(200) NOT NULL DEFAULT \'secret\'',
      'CREATE INDEX "I i" ON "S s"."T ""t""" ("N n")',
      'DROP TABLE old',
      `CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 2'`,
      'CREATE EXTENSION pgstattuple',
      "ALTER SYSTEM SET work_mem = '9MB'",
      "ALTER SYSTEM SET restore_command = 'cp /secret/%f %p'",
      'SELECT pg_reload_conf()',
      'CREATE ROLE newcomer LOGIN; GRANT pg_monitor TO newcomer',
      'GRANT SELECT ON "S s"."T ""t""" TO newcomer',
    );
    const seen = await look(url);
    expect(seen).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^changed table "S s"\."T ""t""": .*\+ email character varying\(200\) NOT NULL DEFAULT [0-9a-f]{8}.*\+ right newcomer=r\//,
        ),
        'created index "S s"."I i": + CREATE INDEX "I i" ON "S s"."T ""t""" USING btree ("N n")',
        expect.stringContaining('removed table public.old: - id integer'),
        expect.stringMatching(/^changed function public\.f\(\): - body [0-9a-f]{8}; \+ body/),
        expect.stringMatching(/^created extension pgstattuple: \+ version [\d.]+; \+ schema public$/),
        'changed setting work_mem: - 4096 kB; + 9216 kB',
        expect.stringMatching(/^changed setting restore_command: - ; \+ hidden [0-9a-f]{8}$/),
        'created role newcomer: + LOGIN; + member of pg_monitor',
      ]),
    );
    expect(seen.join()).not.toContain('secret');
    expect(seen).toHaveLength(8);
    expect(await look(url)).toEqual([]);
    const stored = await readChanges(db, { database: 'main', from: first, to: first + 60 * MINUTE, limit: 100 });
    expect(stored).toHaveLength(8);
    expect(stored[0]).toMatchObject({ since: first + 5 * MINUTE, seenAt: first + 10 * MINUTE });
    expect(await readChanges(db, { from: first, to: first + 60 * MINUTE, limit: 100 })).toHaveLength(8);
    await run(url, 'ALTER SYSTEM RESET ALL', 'SELECT pg_reload_conf()', 'DROP OWNED BY newcomer; DROP ROLE newcomer');
  });

  test('says nothing of what it may not see, what is locked, and of another database', async () => {
    const { db } = await state.database();
    const url = await server.createDatabase('partly');
    await run(
      url,
      'CREATE TABLE t (id int); CREATE INDEX ix ON t (id)',
      "CREATE ROLE looker LOGIN PASSWORD 'pw'; GRANT pg_monitor TO looker",
    );
    const look = await watching(db, 0);
    expect(await look(asRole(url, 'looker', 'pw'))).toEqual([]);
    await run(url, 'REVOKE pg_monitor FROM looker');
    expect((await look(asRole(url, 'looker', 'pw'))).filter((line) => line.includes(' setting '))).toEqual([]);
    const holder = await open(url);
    await holder.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
    await look(url);
    await holder.query('ROLLBACK; CREATE INDEX other ON t (id)');
    await holder.end();
    expect((await look(url)).map((line) => line.split(':')[0])).toEqual(['created index public.other']);
    const elsewhere = await server.createDatabase('elsewhere');
    expect(await look(elsewhere)).toEqual([]);
    await run(url, 'DROP OWNED BY looker; DROP ROLE looker');
  });
});
