import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DatabaseFinding, DatabaseFindingCode } from '../../src/care/database/finding.ts';
import { asRole, check, open, run, startEmbeddedServer, type TestServer, until } from './server.ts';

function of(findings: readonly DatabaseFinding[], code: DatabaseFindingCode): DatabaseFinding[] {
  return findings.filter((finding) => finding.code === code);
}

/** Runs every fix as it stands, and looks again. */
async function mend(url: string, findings: readonly DatabaseFinding[]): Promise<DatabaseFinding[]> {
  for (const { fix } of findings) if (fix !== null) await run(url, fix);
  return check(url);
}

const WEIRD = '"Weird ""Schema"""."Weird ""Name"""';

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
  });

  afterAll(() => server?.stop());

  async function fresh(name: string): Promise<string> {
    const url = await server.createDatabase(name);
    await run(url, 'CREATE EXTENSION pg_stat_statements');
    return url;
  }

  test('a clean database yields nothing', async () => {
    const url = await fresh('clean');
    await run(
      url,
      'CREATE TABLE parent (id int PRIMARY KEY, name text NOT NULL UNIQUE)',
      'CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES parent)',
      'CREATE INDEX ON child (parent)',
      "INSERT INTO parent SELECT i, 'p' || i FROM generate_series(1, 20000) i",
      'INSERT INTO child (parent) SELECT i FROM generate_series(1, 20000) i',
      'CREATE TABLE events (at date NOT NULL, what text) PARTITION BY RANGE (at)',
      "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
      'CREATE INDEX ON events (at)',
      'ANALYZE',
    );
    expect(await check(url)).toEqual([]);
  });

  test('finds a chain of three by its root, and its fix ends it', async () => {
    const url = await fresh('chain');
    await run(url, 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)');
    const [first, second, third] = await Promise.all([open(url), open(url), open(url)]);
    await first.query("BEGIN; UPDATE t SET id = id WHERE id = 1 AND 'correct horse' <> ''");
    await second.query('BEGIN; UPDATE t SET id = id WHERE id = 2');
    const waits = [
      second.query('UPDATE t SET id = id WHERE id = 1').catch(() => undefined),
      third.query('UPDATE t SET id = id WHERE id = 2').catch(() => undefined),
    ];
    await until(
      async () => of(await check(url, { lock_wait: 0 }), 'lock_chain')[0]?.message.includes('2 sessions') === true,
    );
    const [finding] = of(await check(url, { lock_wait: 0 }), 'lock_chain');
    const pid = async (client: typeof first) =>
      (await client.query('SELECT 1')) && (client as unknown as { processID: number }).processID;
    expect(finding).toMatchObject({
      object: `pid ${(first as unknown as { processID: number }).processID}`,
      message: expect.stringContaining('<> ?'),
      key: `main:lock_chain:pid ${await pid(first)}`,
    });
    expect(finding?.message).not.toContain('horse');
    await run(url, finding?.fix as string);
    await second.query('COMMIT').catch(() => undefined);
    await Promise.all(waits);
    expect(of(await check(url, { lock_wait: 0 }), 'lock_chain')).toEqual([]);
    await Promise.all([first, second, third].map((client) => client.end().catch(() => undefined)));
  });

  test('finds open transactions, also prepared ones', async () => {
    const url = await fresh('open');
    await run(url, 'CREATE TABLE t (id int)');
    const [idle, long] = await Promise.all([open(url), open(url)]);
    await idle.query('BEGIN; INSERT INTO t VALUES (42)');
    const sleeping = long.query('SELECT pg_sleep(60)').catch(() => undefined);
    await run(url, "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'it''s'");
    const limits = { idle_in_transaction: 0, long_transaction: 0 };
    await until(async () => of(await check(url, limits), 'long_transaction').length === 2);
    const findings = await check(url, limits);
    expect(of(findings, 'idle_in_transaction')).toMatchObject([{ message: expect.stringContaining('VALUES (?)') }]);
    for (const { fix } of findings) if (fix !== null) await run(url, fix);
    await sleeping;
    await until(async () => (await check(url, limits)).length === 0);
    await Promise.all([idle.end().catch(() => undefined), long.end()]);
  });

  test('finds what is wrong with indexes and constraints, whatever the names, and every fix runs', async () => {
    const url = await fresh('weird');
    await run(
      url,
      'CREATE SCHEMA "Weird ""Schema"""',
      'CREATE TABLE "Weird ""Schema"""."P ""p""" ("Id ""x""" int PRIMARY KEY)',
      `CREATE TABLE ${WEIRD} ("Id" int, "P id" int, "V v" text)`,
      `INSERT INTO ${WEIRD} SELECT i, i % 7, 'x' FROM generate_series(1, 12000) i`,
      'INSERT INTO "Weird ""Schema"""."P ""p""" SELECT i FROM generate_series(1, 6) i',
      `ALTER TABLE ${WEIRD} ADD CONSTRAINT "fk ""1""" FOREIGN KEY ("P id") REFERENCES "Weird ""Schema"""."P ""p""" NOT VALID`,
      `ALTER TABLE ${WEIRD} ADD CONSTRAINT "ck ""1""" CHECK ("Id" > 0) NOT VALID`,
      `CREATE INDEX "ix ""a""" ON ${WEIRD} ("Id")`,
      `CREATE INDEX "ix ""b""" ON ${WEIRD} ("Id")`,
      `CREATE INDEX "ix ""c""" ON ${WEIRD} ("Id", "V v")`,
      `ANALYZE ${WEIRD}`,
    );
    await expect(run(url, `CREATE UNIQUE INDEX CONCURRENTLY "u ""1""" ON ${WEIRD} ("V v")`)).rejects.toThrow('unique');
    const findings = await check(url);
    const objects = (code: DatabaseFindingCode) => of(findings, code).map(({ object }) => object);
    expect(objects('invalid_index')).toEqual(['"Weird ""Schema"""."u ""1"""']);
    expect(objects('duplicate_index')).toEqual(['"Weird ""Schema"""."ix ""b"""', '"Weird ""Schema"""."ix ""a"""']);
    expect(objects('unused_index')).toEqual(['"Weird ""Schema"""."ix ""c"""']);
    expect(of(findings, 'unused_index').every(({ severity }) => severity === 'info')).toBe(true);
    expect(objects('unindexed_fk')).toEqual([`${WEIRD}."fk ""1"""`]);
    expect(of(findings, 'not_valid_fk')).toMatchObject([{ message: expect.stringContaining('1,714 rows') }]);
    expect(of(findings, 'not_valid_check')).toMatchObject([
      { fix: expect.stringContaining('VALIDATE'), message: expect.stringContaining('0 rows') },
    ]);
    expect(new Set(findings.map(({ key }) => key)).size).toBe(findings.length);
    expect(of(await check(url, { unused_index_age: 0 }), 'unused_index')).toMatchObject([{ severity: 'warning' }]);
    expect((await mend(url, findings)).map(({ code }) => code)).toEqual(['not_valid_fk']);
  });

  test('finds bloat, by estimate and by measure, and the fix removes it', async () => {
    const url = await fresh('bloated');
    await run(
      url,
      'CREATE TABLE "Fat" (id serial PRIMARY KEY, t text)',
      `INSERT INTO "Fat" (t) SELECT repeat('x', 200) FROM generate_series(1, 100000)`,
      'DELETE FROM "Fat" WHERE id % 10 <> 0',
      'VACUUM (ANALYZE) "Fat"',
    );
    const seen = (findings: DatabaseFinding[]) => [...of(findings, 'bloat_table'), ...of(findings, 'bloat_index')];
    expect(seen(await check(url)).map(({ object }) => object)).toEqual(['public."Fat"', 'public."Fat_pkey"']);
    await run(url, 'CREATE EXTENSION pgstattuple');
    const measured = await check(url);
    expect(seen(measured).every(({ message }) => message.includes('measured'))).toBe(true);
    expect(await mend(url, measured)).toEqual([]);
  });

  test('finds sequences that come to their end, whoever owns them', async () => {
    const url = await fresh('sequences');
    await run(
      url,
      'CREATE TABLE a (id serial, "I d" int GENERATED ALWAYS AS IDENTITY)',
      'CREATE SEQUENCE "Loose"',
      `CREATE TABLE b (id int DEFAULT nextval('"Loose"'))`,
      "SELECT setval('a_id_seq', 2000000000), setval('\"a_I d_seq\"', 2140000000), setval('\"Loose\"', 1600000000)",
      "CREATE SEQUENCE fine; SELECT setval('fine', 2000000000)",
    );
    const findings = of(await check(url), 'sequence');
    expect(findings.map(({ object, severity }) => [object, severity])).toEqual([
      ['public."a_I d_seq"', 'critical'],
      ['public.a_id_seq', 'critical'],
      ['public."Loose"', 'warning'],
    ]);
    expect(await mend(url, findings)).toEqual([]);
  });

  test('finds an inactive slot', async () => {
    const url = await fresh('slots');
    await run(url, "SELECT pg_create_physical_replication_slot('sleepy', true)");
    const findings = await check(url);
    expect(of(findings, 'inactive_slot')).toMatchObject([{ object: 'slot sleepy', severity: 'warning' }]);
    expect(await mend(url, findings)).toEqual([]);
  });

  test('finds that the reader of a slot is behind', async () => {
    const ACTIVE = "SELECT 1 FROM pg_replication_slots WHERE slot_name = 'behind' AND active";
    const url = await fresh('reader');
    await run(url, "SELECT pg_create_physical_replication_slot('behind', true)");
    const reader = new pg.Client({ connectionString: url, replication: 'true' } as pg.ClientConfig);
    reader.on('error', () => undefined);
    await reader.connect();
    const { rows } = await reader.query('IDENTIFY_SYSTEM');
    // It streams until the connection ends, and never says how far it is.
    void reader.query(`START_REPLICATION SLOT behind PHYSICAL ${rows[0].xlogpos}`).catch(() => undefined);
    try {
      const look = async (critical?: number) =>
        of(await check(url, critical === undefined ? {} : { slot_critical: critical }), 'slot_retention');
      await until(async () => (await (await open(url)).query(ACTIVE)).rowCount === 1);
      expect(await look()).toEqual([]);
      expect(await look(1)).toMatchObject([
        { object: 'slot behind', severity: 'critical', message: expect.stringMatching(/keeps .* of WAL for it/) },
      ]);
    } finally {
      await reader.end().catch(() => undefined);
      await until(async () => (await (await open(url)).query(ACTIVE)).rowCount === 0);
      await run(url, "SELECT pg_drop_replication_slot('behind')");
    }
  });

  test('finds that the connections are nearly taken', async () => {
    const url = await fresh('full');
    const clients = await Promise.all(Array.from({ length: 20 }, () => open(url)));
    const [finding] = of(await check(url), 'connections');
    expect(finding).toMatchObject({ severity: 'critical', message: expect.stringContaining('of 22 usable') });
    await Promise.all(clients.map((client) => client.end()));
  });

  test('finds slow statements and the index that one of them lacks, without values', async () => {
    const url = await fresh('slow');
    await run(
      url,
      'CREATE TABLE people (id serial PRIMARY KEY, "E mail" text)',
      `INSERT INTO people ("E mail") SELECT 'e' || i FROM generate_series(1, 20000) i`,
      'ANALYZE people',
      ...Array.from({ length: 25 }, (_, i) => `SELECT id FROM people WHERE "E mail" = 'secret${i}'`),
      'SELECT pg_sleep(0.02) AS nap',
      'SELECT pg_sleep(0.03) AS nap',
    );
    const findings = await check(url, { very_slow_query_ms: 20 });
    expect(of(findings, 'slow_query').filter(({ message }) => message.includes('nap'))).toMatchObject([
      { message: expect.stringContaining('2 times') },
    ]);
    expect(of(findings, 'missing_index')).toMatchObject([
      { object: 'public.people ("E mail")', fix: 'CREATE INDEX CONCURRENTLY ON public.people ("E mail");' },
    ]);
    expect(JSON.stringify(findings)).not.toContain('secret');
    expect(of(await mend(url, findings), 'missing_index')).toEqual([]);
  });

  test('finds what is more open than it should be, and what is switched off', async () => {
    const url = await fresh('lax');
    await run(
      url,
      'CREATE TABLE "T t" (id int, owner text)',
      'CREATE POLICY own ON "T t" USING (owner = current_user)',
      'GRANT UPDATE ON "T t" TO PUBLIC',
      'GRANT CREATE ON SCHEMA public TO PUBLIC',
      `CREATE FUNCTION "F f"(x int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`,
      `CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS 'BEGIN RETURN NEW; END'`,
      'CREATE TRIGGER "tr 1" BEFORE INSERT ON "T t" FOR EACH ROW EXECUTE FUNCTION tf()',
      'ALTER TABLE "T t" DISABLE TRIGGER "tr 1"',
    );
    const findings = await check(url);
    expect(findings.map(({ code, object }) => `${code} ${object}`).sort()).toEqual([
      'disabled_trigger public."T t"."tr 1"',
      'privileges public."F f"(integer)',
      'privileges public."T t"',
      'public_schema public',
      'rls_off public."T t"',
      'search_path public."F f"(integer)',
    ]);
    expect(await mend(url, findings)).toEqual([]);
  });

  test('finds what the counters say', async () => {
    const url = await fresh('counters');
    await run(
      url,
      'CREATE TABLE big (id int, t text)',
      `INSERT INTO big SELECT i, repeat('x', 100) FROM generate_series(1, 30000) i`,
      'DELETE FROM big WHERE id % 2 = 0',
      'SET work_mem = 64; SELECT t FROM big ORDER BY t, id OFFSET 14999',
      'CREATE TABLE d (id int PRIMARY KEY); INSERT INTO d VALUES (1), (2)',
    );
    const [first, second] = await Promise.all([open(url), open(url)]);
    for (const client of [first, second]) await client.query("SET deadlock_timeout = '10ms'");
    await first.query('BEGIN; UPDATE d SET id = id WHERE id = 1');
    await second.query('BEGIN; UPDATE d SET id = id WHERE id = 2');
    const crossed = [
      first.query('UPDATE d SET id = id WHERE id = 2'),
      second.query('UPDATE d SET id = id WHERE id = 1'),
    ];
    expect((await Promise.allSettled(crossed)).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await Promise.all([first.end(), second.end()]);
    const limits = {
      temp_bytes_per_day: 1,
      rollbacks: 0,
      rollbacks_least: 1,
      cache_reads: 0,
      cache_hit: 1.1,
      big_table_noted: 1_000_000,
      checkpoints_requested: 0,
      wraparound: 0,
    };
    const wanted = ['big_table', 'cache_hit', 'deadlocks', 'rollbacks', 'temp_files', 'vacuum', 'wraparound'];
    // Counters of a session are written down a moment after it ends.
    await until(async () => {
      const seen = new Set((await check(url, limits)).map(({ code }) => code as string));
      return wanted.every((code) => seen.has(code));
    });
    const findings = await check(url, limits);
    expect(of(findings, 'deadlocks')).toMatchObject([{ message: expect.stringContaining('One deadlock') }]);
    expect(of(findings, 'vacuum')).toMatchObject([
      { object: 'public.big', message: expect.stringContaining('Autovacuum is off') },
    ]);
    for (const { fix } of findings) if (fix !== null) await run(url, fix);
    expect(of(await check(url, limits), 'vacuum')).toEqual([]);
    await run(url, 'ALTER SYSTEM RESET ALL');
  });

  test('a role without rights knows nothing and says so', async () => {
    const url = await fresh('blind');
    await run(
      url,
      "CREATE ROLE blind LOGIN PASSWORD 'pw'",
      'CREATE TABLE t (id serial); CREATE SCHEMA hidden; CREATE SEQUENCE hidden.s',
    );
    const findings = await check(asRole(url, 'blind', 'pw'));
    expect(findings.length).toBeGreaterThan(3);
    expect(new Set(findings.map(({ code, severity }) => `${code} ${severity}`))).toEqual(
      new Set(['probe_failed unknown']),
    );
    for (const { fix } of findings) await run(url, fix as string);
    expect(await check(asRole(url, 'blind', 'pw'))).toEqual([]);
    await run(url, 'DROP OWNED BY blind; DROP ROLE blind');
  });

  test('a database that does not let us in is unknown', async () => {
    const url = await fresh('closed');
    await expect(check(asRole(url, 'nobody', 'wrong'))).rejects.toMatchObject({ code: 'database_unavailable' });
  });

  test('a thousand tables take seconds at most', async () => {
    const url = await fresh('wide');
    await run(
      url,
      `DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v text)', i); END LOOP; END $$`,
    );
    const begin = performance.now();
    expect(await check(url)).toEqual([]);
    expect(performance.now() - begin).toBeLessThan(30_000);
  });
});
