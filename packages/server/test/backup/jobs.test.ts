import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freeConnections } from '../../src/care/backup/logical/split.ts';
import { Secret } from '../../src/lib/secret.ts';
import { PostgresDatabase } from '../../src/store/source/index.ts';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type BackupRig, damage, flip, hooks, makeRig } from './rig.ts';

let server: TestServer;
let url: string;
let admin: string;
let rig: BackupRig;
let id: string;

/** Tables of a good megabyte, with what ties them to each other and to what is dumped elsewhere. */
const SCHEMA = [
  'CREATE EXTENSION pg_trgm',
  `CREATE TABLE makers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, twice text GENERATED ALWAYS AS (name || name) STORED)`,
  `INSERT INTO makers (name) SELECT repeat(md5(i::text), 4) FROM generate_series(1, 6000) i`,
  'CREATE INDEX makers_name ON makers USING gin (name gin_trgm_ops)',
  'CREATE SCHEMA "Odd ""one"".x"',
  `CREATE TABLE "Odd ""one"".x"."Order.Items" (id serial PRIMARY KEY, maker int REFERENCES makers, note text)`,
  `INSERT INTO "Odd ""one"".x"."Order.Items" (maker, note) SELECT 1 + i % 6000, repeat(md5(i::text), 4) FROM generate_series(1, 7000) i`,
  'CREATE TABLE days (at date NOT NULL, note text, PRIMARY KEY (at, note)) PARTITION BY RANGE (at)',
  "CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-07-01')",
  "CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2026-07-01') TO ('2027-01-01')",
  "INSERT INTO days SELECT date '2026-01-01' + i % 365, repeat(md5(i::text), 4) FROM generate_series(1, 14000) i",
  'CREATE TABLE base (id int, note text)',
  'CREATE TABLE heir (more int) INHERITS (base)',
  'INSERT INTO base SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 7000) i',
  'INSERT INTO heir SELECT i, repeat(md5(i::text), 4), i FROM generate_series(1, 7000) i',
  `CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_TABLE_NAME); RETURN NEW; END$$`,
  'CREATE TABLE log (what text)',
  'CREATE TRIGGER seen AFTER INSERT ON makers FOR EACH ROW EXECUTE FUNCTION seen()',
  'CREATE MATERIALIZED VIEW notes AS SELECT id, note FROM heir WHERE id < 100',
  'CREATE UNIQUE INDEX notes_id ON notes (id)',
  'ALTER TABLE base ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY own ON base USING (id > 5)',
  "SELECT lo_from_bytea(4711, 'a large object')",
];
const TABLES = [
  'makers',
  '"Odd ""one"".x"."Order.Items"',
  'days',
  'days_2',
  'base',
  'ONLY base',
  'heir',
  'log',
  'notes',
];

async function ask(at: string, sql: string): Promise<unknown[]> {
  const client = await open(at);
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

/** Everything that must be the same after a restore. */
async function stateOf(at: string): Promise<unknown[]> {
  const hashes = TABLES.map(
    (table) => `SELECT '${table}', count(*) || ' ' || sum(hashtextextended(t::text, 0)) FROM ${table} t`,
  );
  return ask(
    at,
    `${hashes.join(' UNION ALL ')}
     UNION ALL (SELECT indexname, indexdef FROM pg_indexes WHERE schemaname !~ '^pg_' ORDER BY 1)
     UNION ALL (SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace::regnamespace::text !~ '^(pg_|inf)' ORDER BY 1, 2)
     UNION ALL (SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal)
     UNION ALL SELECT policyname, qual FROM pg_policies
     UNION ALL (SELECT sequencename, last_value::text FROM pg_sequences ORDER BY 1)
     UNION ALL SELECT oid::text, convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata`,
  );
}

const other = (name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
const databases = async () => (await ask(admin, 'SELECT datname FROM pg_database')).flat();

beforeAll(async () => {
  server = await startEmbeddedServer(15, { max_connections: 40 });
  url = await server.createDatabase('app');
  admin = other('postgres');
  await run(url, ...SCHEMA);
  rig = await makeRig(url, '    jobs: 3\n');
  id = await rig.good();
}, 60_000);
afterAll(async () => {
  await rig?.remove();
  await server?.stop();
});

describe('a dump in three jobs', () => {
  test('is three archives of one backup, which earlier versions refuse, and verifies up to its rows', async () => {
    const { format, objects, warnings } = await rig.backups().manifest(id);
    expect(objects.map(({ part }) => part)).toEqual(['configuration', 'dump', 'dump.1', 'dump.2', 'roles', 'tables']);
    expect(format).toBe('yumops-backup/3');
    expect(warnings).toEqual([]);
    expect(await rig.verify(id, 3)).toMatchObject({ ok: true, findings: [], evidence: { tables: 7, rows: 41_000 } });
  });

  test('restores with several programs into a new database', async () => {
    expect(await rig.restore(id, other('copy1'))).toMatchObject({ kept: null, warnings: [] });
    expect(await stateOf(other('copy1'))).toEqual(await stateOf(url));
  });

  test('gives the new database its name when it is complete, and drops what a killed restore left and nothing else', async () => {
    const comment = `COMMENT ON DATABASE "whole_new_2026010#_030000" IS 'A restore of YumOps fills it. Where that was killed, the next restore to the same name drops it.'`;
    for (const day of [1, 2, 3]) await run(admin, `CREATE DATABASE "whole_new_2026010${day}_030000"`);
    for (const day of [1, 2]) await run(admin, comment.replace('#', `${day}`));
    await run(admin, 'CREATE DATABASE "whole_new_20260104_030000_123"');
    await run(admin, comment.replace('#_030000', '4_030000_123'));
    await run(admin, 'CREATE DATABASE "another_new_20260101_030000"');
    const holder = await open(admin);
    await holder.query(`SELECT pg_advisory_lock(${0x79756d72}, hashtext('whole_new_20260102_030000'))`);
    const seen: Promise<unknown[]>[] = [];
    const progress = (_done: number, _total: number | null, what: string) => {
      if (what === 'bytes restored' && seen.length === 0) seen.push(databases());
    };
    const report = await rig
      .backups()
      .restore(id, new Secret(other('whole')), { table: undefined, yes: false }, { ...hooks(), progress });
    await holder.end();
    expect(report.warnings).toEqual([
      'whole_new_20260101_030000, which a restore that was killed had left, was dropped',
      expect.stringContaining('whole_new_20260103_030000 may be of a restore that was killed'),
      'whole_new_20260104_030000_123, which a restore that was killed had left, was dropped',
    ]);
    expect((await seen[0])?.filter((name) => /^whole/.test(String(name)))).toEqual([
      'whole_new_20260102_030000',
      'whole_new_20260103_030000',
      expect.stringMatching(/^whole_new_\d{8}_\d{6}_\d{3}$/),
    ]);
    const left = (await databases()).filter((name) => /^(whole|another)/.test(String(name))).sort();
    expect(left).toEqual([
      'another_new_20260101_030000',
      'whole',
      'whole_new_20260102_030000',
      'whole_new_20260103_030000',
    ]);
    const [described] = await ask(
      admin,
      "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'whole'",
    );
    expect(described).toEqual([null]);
    const { kept } = await rig.restore(id, other('whole'), { yes: true });
    expect(kept).toMatch(/^whole_before_\d{8}_\d{6}_\d{3}$/);
  });

  test('a target that is closed is named, with how it is opened', async () => {
    await run(admin, 'CREATE DATABASE closed ALLOW_CONNECTIONS false');
    const refused = { code: 'restore_target_closed', hint: expect.stringContaining('ALTER DATABASE "closed"') };
    await expect(rig.restore(id, other('closed'))).rejects.toMatchObject(refused);
  });

  test('counts the connections of others also for a role that may not look at them', async () => {
    await run(admin, "CREATE ROLE plain LOGIN PASSWORD 'plain'");
    const plain = Object.assign(new URL(url), { username: 'plain', password: 'plain' }).href;
    const freeOf = async (at: string) => {
      const connection = await new PostgresDatabase('app', new Secret(at)).connect();
      const free = await freeConnections(connection);
      await connection.close();
      return free;
    };
    const others = await Promise.all([1, 2, 3, 4].map(() => open(url)));
    // The one that asks is another each time; sessions that end may be seen once more.
    await vi.waitFor(async () => expect(await freeOf(plain)).toBe(await freeOf(url)), { timeout: 20_000 });
    for (const one of others) await one.end();
  });

  test('restores in one transaction into an empty database', async () => {
    const empty = await server.createDatabase('empty', 'template0');
    expect(await rig.restore(id, empty)).toMatchObject({ database: 'empty', warnings: [] });
    expect(await stateOf(empty)).toEqual(await stateOf(url));
  });

  test('gives back one table and one schema, wherever their rows were dumped', async () => {
    for (const table of ['makers', 'days_1', '"Odd ""one"".x"."Order.Items"']) {
      await run(admin, 'DROP DATABASE IF EXISTS part');
      await rig.restore(id, other('part'), { table });
      const sql = `SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ${table} t`;
      expect(await ask(other('part'), sql), table).toEqual(await ask(url, sql));
    }
    await run(admin, 'DROP DATABASE IF EXISTS part');
    const report = await rig.restore(id, other('part'), { schema: '"Odd ""one"".x"' });
    expect(report).toMatchObject({ rows: 7_000 });
  });

  test('says about how much there is to dump, until there is more', async () => {
    const told: [number, number | null][] = [];
    const progress = (done: number, total: number | null, what: string) => {
      if (what === 'bytes dumped') told.push([done, total]);
    };
    const backups = rig.backups();
    await backups.run(backups.config('nightly'), { ...hooks(), progress });
    const [[, expected] = [0, 0]] = told;
    expect(expected).toBeGreaterThan(2e6);
    expect(told.every(([done, total]) => total === (done < (expected ?? 0) ? expected : null))).toBe(true);
  });

  test('is of one moment while rows are written', async () => {
    const writer = await open(url);
    let ends = false;
    const writing = (async () => {
      while (!ends) {
        await writer.query(
          "BEGIN; INSERT INTO log VALUES ('w'); DELETE FROM heir WHERE id = (SELECT min(id) FROM heir); INSERT INTO base VALUES (0, 'w'); COMMIT",
        );
      }
    })();
    const made = await rig.good();
    ends = true;
    await writing;
    await writer.end();
    expect(await rig.verify(made, 3)).toMatchObject({ ok: true, findings: [] });
    // Each transaction wrote one row into each of three archives.
    await rig.restore(made, other('moment'));
    const [counts] = await ask(
      other('moment'),
      "SELECT (SELECT count(*) FROM log WHERE what = 'w'), (SELECT count(*) FROM ONLY base WHERE note = 'w'), 7000 - (SELECT count(*) FROM heir)",
    );
    expect(new Set(counts as string[]).size).toBe(1);
  });
});

describe('what is wrong with one of its parts', () => {
  test.each([
    ['altered', (path: string) => damage(path, flip(9_000)), 'object_damaged', 'backup_damaged'],
    ['gone', (path: string) => rm(path), 'object_missing', 'blob_missing'],
  ])('a part that is %s is named, and nothing is restored', async (_name, hurt, finding, code) => {
    const hurtRig = await makeRig(url, '    jobs: 3\n');
    const made = await hurtRig.good();
    await hurt((await hurtRig.stored('/dump.2'))[0] ?? '');
    const object = expect.stringContaining(`${made}/dump.2`);
    expect(await hurtRig.verify(made, 0)).toMatchObject({ ok: false, findings: [{ code: finding, object }] });
    const restoring = hurtRig.restore(made, other('never'));
    await expect(restoring).rejects.toMatchObject({ code, message: expect.stringContaining('dump.2') });
    expect(await databases()).not.toContain('never');
    await hurtRig.remove();
  });

  test('a pg_dump that is killed ends the others, and nothing is called good', async () => {
    const killed = await makeRig(url, '    jobs: 3\n');
    const blocker = await open(url);
    // All wait for one lock, so that all are there when one is ended.
    await blocker.query('BEGIN; LOCK TABLE heir, base, makers, days_1, days_2, "Odd ""one"".x"."Order.Items", log');
    const running = killed.now();
    const one = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'app' AND wait_event_type = 'Lock' LIMIT 1`;
    while ((await ask(admin, one)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const { manifest, error } = await running;
    await blocker.end();
    expect(manifest).toBeNull();
    expect((error as Error).message).toMatch(/terminat|pg_dump ended/);
    expect(await killed.stored('/manifests/')).toEqual([]);
    const left = "SELECT FROM pg_stat_activity WHERE application_name IN ('pg_dump', 'yumops backup')";
    while ((await ask(admin, left)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await killed.remove();
  });

  test('rows that do not restore take the new database along, and leave an empty one empty', async () => {
    const source = await server.createDatabase('picky', 'template0');
    await run(
      source,
      `CREATE FUNCTION here() RETURNS boolean LANGUAGE sql AS $$SELECT current_database() = 'picky'$$`,
      ...['a', 'b', 'c'].map(
        (name) =>
          `CREATE TABLE ${name} (id int PRIMARY KEY, note text CHECK (note <> '' AND (id <> 6999 OR '${name}' <> 'c' OR here())))`,
      ),
      ...['a', 'b', 'c'].map(
        (name) => `INSERT INTO ${name} SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 7000) i`,
      ),
    );
    const picky = await makeRig(source, '    jobs: 3\n');
    const made = await picky.good();
    const failure = { code: 'restore_failed', message: expect.stringMatching(/relation "c" violates/) };
    await expect(picky.restore(made, other('fresh'))).rejects.toMatchObject(failure);
    expect(await databases()).not.toContain('fresh');
    const empty = await server.createDatabase('empty2', 'template0');
    await expect(picky.restore(made, empty)).rejects.toMatchObject(failure);
    expect(await ask(empty, "SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual([]);
    await picky.remove();
  });
});
