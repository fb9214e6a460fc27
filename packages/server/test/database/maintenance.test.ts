import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RetentionPolicy } from '../../src/care/database/maintenance/settings.ts';
import { asRole, check, open, run, startEmbeddedServer, type TestServer, until } from './server.ts';
import { MemoryLedger, maintain, plan } from './upkeep.ts';

const DAY = 86_400_000;
const WEIRD = '"Weird ""Schema"""."Weird ""Name"""';

function policy(own: Partial<RetentionPolicy> = {}): RetentionPolicy {
  const base = { table: 't', column: 'at', keep: 7 * DAY, fileColumn: null, fileFolder: '/', confined: false };
  return { ...base, ...own };
}

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;
  let folder: string;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
    folder = await mkdtemp(join(tmpdir(), 'yumops-test-files-'));
  });

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function rowsOf(url: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = await open(url);
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  const invalid = (url: string) => rowsOf(url, 'SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid');

  test('a database in order has nothing to do, also after its statistics were reset', async () => {
    const url = await server.createDatabase('in_order');
    await run(
      url,
      'CREATE TABLE t (id int PRIMARY KEY, at timestamptz)',
      'INSERT INTO t SELECT i, now() FROM generate_series(1, 5000) i',
      'CREATE TABLE p (at date NOT NULL) PARTITION BY RANGE (at)',
      "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM ('2999-01-01') TO ('2999-02-01')",
    );
    await run(url, 'VACUUM ANALYZE');
    expect(await plan(url, undefined, { retention: [policy()] })).toEqual([]);
    await run(url, 'SELECT pg_stat_reset()');
    expect(await plan(url)).toEqual([]);
    expect(await maintain(url)).toMatchObject({ status: 'done', actions: [] });
  });

  test('analyzes what changed and vacuums what is dead, whatever the names, and shows before and after', async () => {
    const url = await server.createDatabase('need');
    await run(
      url,
      'CREATE SCHEMA "Weird ""Schema"""',
      `CREATE TABLE ${WEIRD} ("Id" int)`,
      `INSERT INTO ${WEIRD} SELECT i FROM generate_series(1, 20000) i`,
      `ANALYZE ${WEIRD}`,
      `DELETE FROM ${WEIRD} WHERE "Id" % 2 = 0`,
      'CREATE TABLE fresh (id int)',
      'CREATE TABLE parts (at date) PARTITION BY RANGE (at)',
      "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
      "INSERT INTO parts SELECT '2026-01-01' FROM generate_series(1, 100)",
    );
    expect(await plan(url, ['analyze', 'vacuum'])).toMatchObject([
      { task: 'vacuum', object: WEIRD, statement: `VACUUM (ANALYZE, TRUNCATE FALSE) ${WEIRD};` },
      { task: 'analyze', object: WEIRD, statement: `ANALYZE ${WEIRD};` },
      { task: 'analyze', object: 'public.fresh', reason: 'it was never analyzed' },
      { task: 'analyze', object: 'public.parts' },
    ]);
    const ledger = new MemoryLedger();
    const { status, actions } = await maintain(url, ['analyze', 'vacuum'], { ledger });
    expect(status).toBe('done');
    expect(actions.map(({ object }) => object)).toEqual([WEIRD, 'public.fresh', 'public.parts']);
    expect(actions[0]).toMatchObject({ before: { deadRows: 10_000 }, after: { deadRows: 0 }, error: null });
    expect(ledger.actions).toMatchObject(actions);
    expect(await plan(url)).toEqual([]);
  });

  test('freezes what is old', async () => {
    const url = await server.createDatabase('old');
    await run(url, 'CREATE TABLE t (id int)', 'ALTER TABLE t SET (autovacuum_freeze_max_age = 100000)');
    expect(await plan(url, ['freeze'])).toEqual([]);
    const client = await open(url);
    await client.query(
      'DO $$ BEGIN FOR i IN 1..76000 LOOP BEGIN INSERT INTO t VALUES (i); EXCEPTION WHEN others THEN END; END LOOP; END $$',
    );
    await client.end();
    const { actions } = await maintain(url, ['freeze']);
    expect(actions).toMatchObject([
      { object: 'public.t', status: 'done', statement: 'VACUUM (FREEZE, TRUNCATE FALSE) public.t;' },
    ]);
    expect(Number(actions[0]?.before?.transactionAge)).toBeGreaterThan(75_000);
    expect(Number(actions[0]?.after?.transactionAge)).toBeLessThan(100);
  });

  test('rebuilds bloated, invalid and requested indexes, and drops leftovers', async () => {
    const url = await server.createDatabase('indexes');
    await run(
      url,
      'CREATE TABLE "Fat" (id int, v int)',
      'INSERT INTO "Fat" SELECT i, i FROM generate_series(1, 200000) i',
      'CREATE INDEX "Fat ""ix""" ON "Fat" (id)',
      'CREATE INDEX fine ON "Fat" (v)',
      'DELETE FROM "Fat" WHERE id % 20 <> 0',
      'VACUUM (ANALYZE) "Fat"',
      'REINDEX INDEX fine',
      'CREATE TABLE twice (v int); INSERT INTO twice VALUES (1), (1)',
    );
    await expect(run(url, 'CREATE UNIQUE INDEX CONCURRENTLY once ON twice (v)')).rejects.toThrow('unique');
    await expect(run(url, 'REINDEX INDEX CONCURRENTLY once')).rejects.toThrow('unique');
    await run(url, "DELETE FROM twice WHERE ctid = '(0,1)'", await script());
    await run(url, "SELECT reindex_table('twice')");
    const planned = await plan(url, ['reindex']);
    expect(planned.map(({ object, statement }) => `${object}: ${statement}`)).toEqual([
      'public.once_ccnew: DROP INDEX CONCURRENTLY public.once_ccnew;',
      'public.once: REINDEX INDEX CONCURRENTLY public.once;',
      'public.twice: ',
      'public."Fat ""ix""": REINDEX INDEX CONCURRENTLY public."Fat ""ix""";',
    ]);
    const { actions, status } = await maintain(url, ['reindex']);
    expect(actions.map(({ error }) => error)).toEqual([null, null, null, null]);
    expect(status).toBe('done');
    expect(Number(actions[3]?.after?.bytes)).toBeLessThan(Number(actions[3]?.before?.bytes) / 5);
    expect(await invalid(url)).toEqual([]);
    expect(await rowsOf(url, 'SELECT error, finished_at IS NULL AS open FROM maintenance_requests')).toEqual([
      { error: null, open: false },
    ]);
    expect(await plan(url, ['reindex'])).toEqual([]);
  });

  test('counts what breaks a constraint, and validates only with consent', async () => {
    const url = await server.createDatabase('rules');
    await run(
      url,
      'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (pid int, n int)',
      'INSERT INTO child SELECT 42, i FROM generate_series(1, 7) i',
      'ALTER TABLE child ADD CONSTRAINT "fk ""1""" FOREIGN KEY (pid) REFERENCES parent NOT VALID',
      'ALTER TABLE child ADD CONSTRAINT positive CHECK (n > 0) NOT VALID',
    );
    const first = await maintain(url, ['constraints']);
    expect(first.status).toBe('failed');
    expect(first.actions).toMatchObject([
      { object: 'public.child."fk ""1"""', status: 'failed', before: { violations: 7 } },
      { object: 'public.child.positive', status: 'skipped', error: null, before: { violations: 0 } },
    ]);
    await run(url, 'INSERT INTO parent VALUES (42)');
    const second = await maintain(url, ['constraints'], { validateConstraints: true });
    expect(second).toMatchObject({ status: 'done', actions: [{ status: 'done' }, { status: 'done' }] });
    expect(await plan(url, ['constraints'])).toEqual([]);
  });

  test('removes what is too old in batches, files and all, and keeps the row of a file that cannot go', async () => {
    const url = await server.createDatabase('retention');
    const uploads = join(folder, `uploads-${major}`);
    await mkdir(join(uploads, 'held'), { recursive: true });
    await symlink('/etc', join(uploads, 'link'));
    const old = Array.from({ length: 25 }, (_, i) => `old-${i}.jpg`);
    for (const name of [...old.slice(1), 'new.jpg']) await writeFile(join(uploads, name), 'x');
    await writeFile(join(folder, `secret-${major}`), 'x');
    await run(
      url,
      'CREATE TABLE temporary_uploads (id serial PRIMARY KEY, created_at timestamptz, path text)',
      `INSERT INTO temporary_uploads (created_at, path) SELECT now() - interval '8 days', 'old-' || i || '.jpg' FROM generate_series(0, 24) i`,
      `INSERT INTO temporary_uploads (created_at, path) VALUES (now(), 'new.jpg'), (now() - interval '9 days', 'held'), (now() - interval '9 days', '../secret-${major}'), (now() - interval '9 days', 'link/passwd'), (now() - interval '9 days', NULL)`,
    );
    const policies = [
      policy({ table: 'temporary_uploads', column: 'created_at', fileColumn: 'path', fileFolder: uploads }),
    ];
    const [planned] = await plan(url, ['retention'], { retention: policies });
    expect(planned).toMatchObject({
      before: { rows: 29 },
      reason: expect.stringContaining('29 rows are older than 7 d'),
    });
    expect(await readdir(uploads)).toHaveLength(27);
    const { actions, status } = await maintain(url, ['retention'], { retention: policies, batch: 10 });
    expect(status).toBe('failed');
    expect(actions).toMatchObject([
      {
        object: 'public.temporary_uploads',
        error: expect.stringContaining('3 files could not be removed'),
        after: { removed: 26, filesRemoved: 24, filesMissing: 1, filesKept: 3, rows: 3 },
      },
    ]);
    expect((await readdir(uploads)).sort()).toEqual(['held', 'link', 'new.jpg']);
    expect(await readdir(folder)).toContain(`secret-${major}`);
    expect(await rowsOf(url, 'SELECT path FROM temporary_uploads ORDER BY id')).toEqual(
      ['new.jpg', 'held', `../secret-${major}`, 'link/passwd'].map((path) => ({ path })),
    );
  });

  test('rows whose files go are on disk as gone before the server says so', async () => {
    const url = await server.createDatabase('durable');
    await run(
      url,
      'CREATE TABLE removed (what text, commits text)',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO public.removed VALUES (tg_table_name, current_setting('synchronous_commit')); RETURN old; END $$`,
      ...['with_files', 'without'].flatMap((table) => [
        `CREATE TABLE ${table} (at timestamptz, path text)`,
        `INSERT INTO ${table} VALUES (now() - interval '9 days', 'gone.jpg')`,
        `CREATE TRIGGER note BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION note()`,
      ]),
    );
    const own = { column: 'at', fileFolder: folder };
    const retention = [
      policy({ ...own, table: 'with_files', fileColumn: 'path' }),
      policy({ ...own, table: 'without' }),
    ];
    expect(await maintain(url, ['retention'], { retention })).toMatchObject({ status: 'done' });
    expect(await rowsOf(url, 'SELECT what, commits FROM removed ORDER BY what')).toEqual([
      { what: 'with_files', commits: 'on' },
      { what: 'without', commits: 'off' },
    ]);
  });

  test('a batch of retention takes its rows in the order of the index, and never sorts what is left', async () => {
    const url = await server.createDatabase('in_batches');
    // Without statistics the planner takes few rows for old; a sort of more than this memory leaves a temporary file.
    await run(
      url,
      "ALTER DATABASE in_batches SET work_mem = '64kB'",
      'CREATE TABLE sessions (id serial, age timestamptz); CREATE INDEX ON sessions (age)',
      "INSERT INTO sessions (age) SELECT now() - interval '9 days' FROM generate_series(1, 6000)",
    );
    const retention = [policy({ table: 'sessions', column: 'age' })];
    const { actions } = await maintain(url, ['retention'], { retention, batch: 500 });
    expect(actions).toMatchObject([{ status: 'done', after: { removed: 6_000, rows: 0 } }]);
    const files = "SELECT temp_files::int AS files FROM pg_stat_database WHERE datname = 'in_batches'";
    expect(await rowsOf(url, files)).toEqual([{ files: 0 }]);
  });

  test('retention leaves rows that others hold, fails alone where it cannot work, and drops old partitions whole', async () => {
    const url = await server.createDatabase('expired');
    await run(
      url,
      'CREATE TABLE "Log ""x""" (day date, n int); CREATE INDEX ON "Log ""x""" (day)',
      `INSERT INTO "Log ""x""" SELECT current_date - 8, i FROM generate_series(1, 2500) i`,
      `INSERT INTO "Log ""x""" SELECT current_date, i FROM generate_series(1, 10) i`,
      'CREATE TABLE parts (at timestamp NOT NULL, n int) PARTITION BY RANGE (at)',
      "CREATE TABLE parts_old PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')",
      "CREATE TABLE parts_now PARTITION OF parts FOR VALUES FROM ('2020-02-01') TO ('2999-01-01')",
      "INSERT INTO parts VALUES ('2020-01-15', 1), ('2020-02-15', 2), ('2998-01-01', 3)",
      'CREATE TABLE odd (at text)',
    );
    const holder = await open(url);
    await holder.query('BEGIN; SELECT * FROM "Log ""x""" WHERE n = 5 AND day < current_date FOR UPDATE');
    const retention = [
      policy({ table: 'Log "x"', column: 'day' }),
      policy({ table: 'public.parts' }),
      policy({ table: 'odd' }),
      policy({ table: 'nowhere' }),
    ];
    const { actions } = await maintain(url, ['retention'], { retention, batch: 400 });
    expect(actions.map(({ object, status, after }) => [object, status, after?.removed ?? null])).toEqual([
      ['public."Log ""x"""', 'done', 2_499],
      ['public.parts_old', 'done', null],
      ['public.parts_now', 'done', 1],
      ['odd', 'failed', null],
      ['nowhere', 'failed', null],
    ]);
    expect(actions[3]?.error).toContain('is a text, not a time');
    expect(await rowsOf(url, 'SELECT n FROM parts')).toEqual([{ n: 3 }]);
    await holder.query('ROLLBACK');
    await holder.end();
    expect(await plan(url, ['retention'], { retention: retention.slice(0, 2) })).toMatchObject([
      { before: { rows: 1 } },
    ]);
  });

  test('a role without rights is told so, table by table, and what it may do is done', async () => {
    const url = await server.createDatabase('rights');
    await run(
      url,
      "CREATE ROLE keeper LOGIN PASSWORD 'pw'; GRANT CREATE ON SCHEMA public TO keeper",
      'CREATE TABLE theirs (id int); CREATE TABLE mine (id int); ALTER TABLE mine OWNER TO keeper',
      'INSERT INTO theirs SELECT generate_series(1, 3000); INSERT INTO mine SELECT generate_series(1, 3000)',
      'DELETE FROM theirs; DELETE FROM mine',
    );
    const { actions, status } = await maintain(asRole(url, 'keeper', 'pw'), ['vacuum', 'analyze'], {
      retention: [policy({ table: 'theirs', column: 'id' })],
    });
    expect(status).toBe('failed');
    expect(actions.map(({ task, object, status }) => `${task} ${object} ${status}`).sort()).toEqual([
      'analyze public.theirs failed',
      'vacuum public.mine done',
      'vacuum public.theirs failed',
    ]);
    expect(actions.find(({ status }) => status === 'failed')?.error).toContain('skip');
    if (major === 18) {
      await run(url, 'GRANT MAINTAIN ON theirs TO keeper');
      const granted = await maintain(asRole(url, 'keeper', 'pw'), ['vacuum', 'analyze']);
      expect(granted).toMatchObject({ status: 'done', actions: [{ object: 'public.theirs' }] });
    }
    await run(url, 'DROP OWNED BY keeper; DROP ROLE keeper');
  });

  test('a lock that is not to be had is given up, and nothing is left of the attempt in the end', async () => {
    const url = await server.createDatabase('locked');
    await run(
      url,
      'CREATE TABLE t (id int); CREATE INDEX ix ON t (id); INSERT INTO t SELECT generate_series(1, 100000)',
      'DELETE FROM t WHERE id % 20 <> 0',
      'VACUUM (ANALYZE) t',
      'CREATE TABLE other (id int)',
    );
    const holder = await open(url);
    await holder.query('BEGIN; INSERT INTO t VALUES (1)');
    let released: Promise<void> | undefined;
    const { actions, status } = await maintain(url, ['reindex', 'analyze'], {
      patience: 10_000,
      onProgress({ task }) {
        if (task === 'analyze') released ??= holder.query('ROLLBACK').then(() => holder.end());
      },
    });
    await released;
    expect(status).toBe('failed');
    expect(actions.slice(0, 2)).toMatchObject([
      { object: 'public.ix', status: 'failed', error: expect.stringContaining('lock timeout') },
      { object: 'public.other', status: 'done' },
    ]);
    expect(await invalid(url)).toEqual([]);
    expect((await maintain(url, ['reindex'])).status).toBe('done');
  });

  test.each(['killed', 'stopped', 'paused'] as const)(
    'a rebuild that is %s in mid-task leaves nothing behind',
    async (how) => {
      const url = await server.createDatabase(how);
      await run(
        url,
        'CREATE TABLE t (id int); CREATE INDEX ix ON t (id); INSERT INTO t SELECT generate_series(1, 100000)',
        'DELETE FROM t WHERE id % 20 <> 0',
        'VACUUM (ANALYZE) t',
        'CREATE TABLE other (id int)',
      );
      const holder = await open(url);
      await holder.query('BEGIN; INSERT INTO t VALUES (1)');
      const stop = new AbortController();
      const ledger = new MemoryLedger();
      const running = maintain(url, ['reindex', 'analyze'], {
        lockTimeout: 60_000,
        patience: 10_000,
        signal: stop.signal,
        ledger,
      });
      const working =
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'yumops maintenance' AND wait_event_type = 'Lock' AND query LIKE 'REINDEX%'";
      await until(async () => (await rowsOf(url, working)).length === 1);
      if (how === 'killed') await run(url, `SELECT pg_terminate_backend(pid) FROM (${working}) w`);
      if (how === 'stopped') stop.abort();
      if (how === 'paused') ledger.pause = { by: 'ann', reason: 'the sale begins', at: 0 };
      await until(async () => (await rowsOf(url, working)).length === 0);
      await holder.query('ROLLBACK');
      const { status, actions, error } = await running;
      expect(await invalid(url)).toEqual([]);
      expect(actions[0]).toMatchObject({ object: 'public.ix', status: 'failed' });
      if (how === 'killed') expect([status, actions[1]?.status]).toEqual(['failed', 'done']);
      else expect([status, actions.length]).toEqual(['cancelled', 1]);
      if (how === 'paused') expect(error).toContain('the sale begins');
      await holder.end();
      expect((await maintain(url, ['reindex'])).status).toBe('done');
    },
  );

  test('there is one runner, and a run waits for dumps', async () => {
    const url = await server.createDatabase('single');
    await run(url, 'CREATE TABLE t (id int)');
    const dump = await open(url);
    await dump.query("SET application_name = 'pg_dump'");
    const report = await maintain(url, ['analyze']);
    expect(report.actions).toMatchObject([{ status: 'skipped', error: expect.stringContaining('pg_dump') }]);
    let second: Promise<unknown> | undefined;
    const patient = await maintain(url, ['analyze'], {
      patience: 20_000,
      onProgress({ object }) {
        if (object !== null)
          second ??= maintain(url)
            .catch((error: unknown) => error)
            .finally(() => dump.end());
      },
    });
    expect(await second).toMatchObject({ code: 'maintenance_running' });
    expect(patient).toMatchObject({ status: 'done', actions: [{ status: 'done' }] });
    expect((await check(url)).filter(({ code }) => code === 'lock_chain')).toEqual([]);
  });

  test('a run waits for a backup that dumps, and not for the idle session of one that archives the log', async () => {
    const url = await server.createDatabase('archived');
    await run(url, 'CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 9999)');
    const backup = await open(url);
    await backup.query("SET application_name = 'yumops backup'");
    await backup.query('BEGIN');
    const beside = await maintain(url, ['analyze']);
    expect(beside.actions).toMatchObject([{ status: 'skipped', error: expect.stringContaining('yumops backup') }]);
    await backup.query('COMMIT');
    expect(await maintain(url, ['analyze'])).toMatchObject({ status: 'done', actions: [{ status: 'done' }] });
    await backup.end();
  });

  test('nothing begins after the window or beside many sessions, and no index is rebuilt where there is no room', async () => {
    const url = await server.createDatabase('guarded');
    await run(
      url,
      'CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 2000); CREATE INDEX ix ON t (id)',
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix'::regclass",
      'CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
      'CREATE TRIGGER note BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION noted()',
      'ALTER TABLE t DISABLE TRIGGER note',
    );
    expect((await maintain(url, ['analyze'], { window: -1 })).actions).toMatchObject([
      { status: 'skipped', error: expect.stringContaining('the window is over') },
    ]);
    const busy = await Promise.all([open(url), open(url)]);
    const working = busy.map((client) => client.query('SELECT pg_sleep(60)').catch(() => undefined));
    const beside = async () => (await maintain(url, ['analyze'], { maxActiveSessions: 1 })).actions;
    await until(async () => (await beside())[0]?.error?.includes('2 sessions are at work') === true);
    await run(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'");
    await Promise.all(working);
    expect((await maintain(url, ['reindex'], { capacity: 1 })).actions).toMatchObject([
      { object: 'public.ix', status: 'failed', error: expect.stringContaining('There is no room') },
    ]);
    expect(await invalid(url)).toHaveLength(1);
    expect((await maintain(url, ['constraints'])).actions).toMatchObject([
      {
        object: expect.stringContaining('note'),
        status: 'failed',
        statement: expect.stringContaining('ENABLE TRIGGER'),
      },
    ]);
  });

  test('ten thousand tables are planned and looked at in seconds', async () => {
    const url = await server.createDatabase('wide');
    for (let part = 0; part < 10; part++) {
      await run(
        url,
        `DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s (id int)', ${part} * 1000 + i); END LOOP; END $$`,
      );
    }
    const begin = performance.now();
    expect(await plan(url)).toHaveLength(10_000);
    expect(performance.now() - begin).toBeLessThan(20_000);
    await run(url, 'CREATE EXTENSION pg_stat_statements');
    const looked = performance.now();
    expect(await check(url)).toEqual([]);
    expect(performance.now() - looked).toBeLessThan(60_000);
  });
});

async function script(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(new URL('../../sql/monitored/000002_maintenance.sql', import.meta.url), 'utf8');
}
