import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDatabase } from '../../src/care/database/check-database.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { check, open, run, startEmbeddedServer, type TestServer } from './server.ts';
import { maintain } from './upkeep.ts';

const DAY = 86_400_000;

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

  const kill = (url: string, application: string) =>
    run(
      url,
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '${application}' AND datname = current_database()`,
    );

  test('a look whose connection is killed says that nothing is known, and the next is whole', async () => {
    const url = await fresh('killed_look');
    await run(url, "CREATE TABLE t (id serial PRIMARY KEY); SELECT setval('t_id_seq', 2140000000)");
    const db = await connectMonitored('main', url);
    const database = {
      name: 'main',
      profile: 'plain',
      exclude: [],
      capacity: null,
      thresholds: DEFAULT_THRESHOLDS,
    } as const;
    let killed: Promise<void> | undefined;
    // The first probe has been asked for by the time that the second is told of.
    const onProbe = (_name: string, done: number) => {
      if (done === 3) killed = kill(url, 'yumops');
    };
    const slow = {
      query: async <Row>(...asked: Parameters<typeof db.query<Row>>) => {
        await killed;
        return db.query<Row>(...asked);
      },
    };
    const findings = await checkDatabase(database, slow, { onProbe });
    expect(findings).toMatchObject([
      {
        code: 'probe_failed',
        severity: 'unknown',
        object: 'database main',
        message: expect.stringContaining('cannot be reached'),
      },
    ]);
    await db.close();
    expect(await check(url)).toMatchObject([{ code: 'sequence', severity: 'critical' }]);
  });

  test('a removal whose connection is killed keeps what was done, loses no file, and the next run ends it', async () => {
    const url = await fresh('killed_removal');
    const folder = await mkdtemp(join(tmpdir(), 'yumops-test-killed-'));
    await mkdir(join(folder, 'up'));
    for (let file = 0; file < 60; file++) await writeFile(join(folder, 'up', `${file}.jpg`), 'x');
    await run(
      url,
      'CREATE TABLE uploads (at timestamptz, path text)',
      "INSERT INTO uploads SELECT now() - interval '9 days', i || '.jpg' FROM generate_series(0, 59) i",
    );
    const retention = [
      {
        table: 'uploads',
        column: 'at',
        keep: 7 * DAY,
        fileColumn: 'path',
        fileFolder: join(folder, 'up'),
        confined: true,
      },
    ];
    let killed = false;
    const { actions, status } = await maintain(url, ['retention'], {
      ...{ retention, batch: 10, pause: 1 },
      async onProgress({ share }) {
        if (share === 0 || killed) return;
        killed = true;
        await kill(url, 'yumops maintenance');
      },
    });
    expect(killed).toBe(true);
    const client = await open(url);
    const left = (await client.query('SELECT path FROM uploads')).rows.map(({ path }) => path);
    await client.end();
    // A batch that was under way when the connection broke may have removed files whose rows came back.
    const files = await readdir(join(folder, 'up'));
    expect(files.filter((file) => !left.includes(file))).toEqual([]);
    if (status === 'failed') expect(actions[0]?.error).toMatch(/cannot be reached|terminat/i);
    const next = await maintain(url, ['retention'], { retention, batch: 10 });
    expect(next.status).toBe('done');
    expect(await readdir(join(folder, 'up'))).toEqual([]);
    expect((await maintain(url, ['retention'], { retention })).actions).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  test('partitioned tables are told of as such, and every fix runs', async () => {
    const url = await fresh('partitioned');
    await run(
      url,
      'CREATE TABLE kinds (id int PRIMARY KEY)',
      'CREATE TABLE events (id int, at date NOT NULL, kind int REFERENCES kinds, t text) PARTITION BY RANGE (at)',
      "CREATE TABLE \"E 1\" PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
      "CREATE TABLE e2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
      'INSERT INTO kinds VALUES (1)',
      "INSERT INTO events SELECT i, '2026-01-01', 1, repeat('x', 200) FROM generate_series(1, 80000) i",
      'DELETE FROM events WHERE id % 10 <> 0',
      'CREATE INDEX half ON ONLY events (at)',
    );
    // What a session counts it tells the server when it ends.
    await run(url, 'VACUUM (ANALYZE) "E 1"');
    const findings = await check(url);
    expect(findings.map(({ code, object }) => `${code} ${object}`).sort()).toEqual([
      'bloat_table public."E 1"',
      'invalid_index public.half',
      'unindexed_fk public.events.events_kind_fkey',
    ]);
    for (const { fix } of findings) await run(url, fix as string);
    expect(await check(url)).toEqual([]);
  });

  test.each<[string, (url: string) => Promise<[RegExp, () => Promise<unknown>]>]>([
    [
      'a session',
      async (url) => {
        const holder = await open(url);
        await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
        const { rows } = await holder.query('SELECT pg_backend_pid() AS pid');
        const end = () => holder.query('ROLLBACK').then(() => holder.end());
        return [new RegExp(`Pid ${rows[0].pid} holds vacuum up`), end];
      },
    ],
    [
      'a prepared transaction',
      async (url) => {
        await run(url, "BEGIN; CREATE TABLE held (id int); PREPARE TRANSACTION 'forgotten'");
        return [/Prepared transaction forgotten holds vacuum up/, () => run(url, "ROLLBACK PREPARED 'forgotten'")];
      },
    ],
    [
      'a slot',
      async (url) => {
        await run(url, "SELECT pg_create_logical_replication_slot('lazy', 'pgoutput')");
        return [/Slot lazy holds vacuum up/, () => run(url, "SELECT pg_drop_replication_slot('lazy')")];
      },
    ],
  ])('%s that holds vacuum up is named', async (holder, begin) => {
    const url = await fresh(holder.replaceAll(' ', '_'));
    await run(url, 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 12000); ANALYZE t');
    const [named, end] = await begin(url);
    await run(
      url,
      'DO $$ BEGIN FOR i IN 1..12000 LOOP BEGIN DELETE FROM t WHERE id = i; EXCEPTION WHEN others THEN END; END LOOP; END $$',
    );
    const held = (await check(url)).filter(({ code }) => code === 'vacuum');
    await end();
    expect(held).toMatchObject([{ object: 'public.t', message: expect.stringMatching(named) }]);
    await run(url, held[0]?.fix as string);
    expect((await check(url)).filter(({ code }) => code === 'vacuum')).toEqual([]);
  });

  test('a reset of all statistics is no finding', async () => {
    const url = await fresh('reset');
    await run(url, 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 9000); ANALYZE t');
    await run(
      url,
      'SELECT pg_stat_reset(); SELECT pg_stat_statements_reset()',
      "SELECT pg_stat_reset_shared('archiver')",
    );
    expect(await check(url)).toEqual([]);
  });
});
