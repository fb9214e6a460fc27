import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog, type EngineHandle, startEmbeddedPostgres, systemClock } from 'yumops/engines';
import { migrate } from '../examples/yumzoom/scripts/database/migrate.mjs';

/** The SQL of YumZoom on the server that it runs on, Postgres 15: migrations, roles and the guide's functions. */

const migrations = join(import.meta.dirname, '../examples/yumzoom/database/migrations');
const GUIDES_FUNCTIONS = [
  'analyze_all_tables()',
  'check_constraint_violations()',
  'get_connection_stats()',
  'get_slow_queries(threshold_ms integer, limit_count integer)',
  'get_table_sizes()',
  'get_unused_indexes()',
  'reindex_table(table_name text)',
  'update_table_statistics()',
];

const folder = mkdtempSync(join(tmpdir(), 'yumzoom-sql-'));
let engine: EngineHandle;
let owner: pg.Client;
let applied: string[];

const rows = async (sql: string, values: unknown[] = [], client = owner) => (await client.query(sql, values)).rows;

/** Runs `work` with the rights of a role. */
async function as<T>(role: string, work: () => Promise<T>): Promise<T> {
  await owner.query(`SET ROLE ${role}`);
  try {
    return await work();
  } finally {
    await owner.query('RESET ROLE');
  }
}

beforeAll(async () => {
  // The server may run as another user, who must be able to come in.
  chmodSync(folder, 0o755);
  engine = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    major: 15,
    clock: systemClock,
    log: createLog(systemClock, () => undefined, 'error'),
    settings: { shared_buffers: '16MB' },
  });
  owner = new pg.Client({ connectionString: engine.url });
  await owner.connect();
  applied = await migrate(owner, migrations);
});

afterAll(async () => {
  await owner?.end();
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('migrations', () => {
  test('run once, in order, and are named in the table', async () => {
    expect(applied.length).toBeGreaterThan(0);
    expect(await rows('SELECT name FROM migrations ORDER BY executed_at, name')).toEqual(
      [...applied].sort().map((name) => ({ name })),
    );
    expect(await migrate(owner, migrations)).toEqual([]);
  });

  test('a failing one leaves nothing behind and is named; a database that is newer is refused', async () => {
    const broken = mkdtempSync(join(folder, 'broken-'));
    for (const name of applied) writeFileSync(join(broken, name), '');
    writeFileSync(join(broken, '0999_broken.sql'), 'CREATE TABLE half (id INTEGER); SELECT 1 / 0;');
    await expect(migrate(owner, broken)).rejects.toThrow('migration 0999_broken.sql failed: division by zero');
    expect(await rows("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);

    const older = mkdtempSync(join(folder, 'older-'));
    await expect(migrate(owner, older)).rejects.toThrow('newer than this code: it has 0001_schema.sql');
  });
});

describe('rights', () => {
  const functions = `SELECT p.oid::regprocedure::TEXT AS name, proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS signature,
      has_function_privilege('public', p.oid, 'EXECUTE') AS public, proconfig FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`;

  test('the guide’s functions are all there, none is for everybody, each has its own search path', async () => {
    const found = await rows(functions);
    expect(found.map((row) => row.signature)).toEqual(expect.arrayContaining(GUIDES_FUNCTIONS));
    for (const row of found) {
      expect(row.proconfig, row.name).toEqual(['search_path=""']);
      if (row.name !== 'keep_rating_totals()') expect(row.public, row.name).toBe(false);
    }
  });

  test.each([
    ['yumzoom_app', 'SELECT get_connection_stats()'],
    ['yumzoom_app', 'SELECT update_table_statistics()'],
    ['yumzoom_app', "UPDATE restaurants SET name = 'mine'"],
    ['yumzoom_app', 'CREATE TABLE public.mine (id INTEGER)'],
    ['yumzoom_monitor', 'SELECT * FROM user_profiles'],
    ['yumzoom_monitor', "SELECT reindex_table('ratings')"],
    ['yumzoom_maintenance', 'SELECT password_hash FROM user_profiles'],
    ['yumzoom_maintenance', 'DELETE FROM ratings'],
  ])('%s may not: %s', (role, sql) => as(role, () => expect(rows(sql)).rejects.toThrow('permission denied')));

  test('without pg_monitor the list of slow queries is refused, not cut short', async () => {
    await owner.query(
      'CREATE ROLE curious; GRANT USAGE ON SCHEMA public TO curious; GRANT EXECUTE ON FUNCTION get_slow_queries TO curious',
    );
    await as('curious', () => expect(rows('SELECT * FROM get_slow_queries(0)')).rejects.toThrow('may not read'));
  });
});

describe('monitoring functions, as yumzoom_monitor', () => {
  test('get_connection_stats counts clients only, against the connections they may use', async () => {
    const other = new pg.Client({ connectionString: engine.url });
    await other.connect();
    await other.query('BEGIN');
    const [row] = await as('yumzoom_monitor', () => rows('SELECT get_connection_stats() AS stats'));
    await other.end();
    expect(row?.stats).toMatchObject({
      total_connections: 2,
      active_connections: 1,
      idle_in_transaction_connections: 1,
      max_connections: 60,
      usable_connections: 57,
      usage_percent: 3.51,
    });
  });

  test('get_table_sizes copes with odd names and does not invent row counts', async () => {
    await owner.query('CREATE TABLE "Odd ""Name" (id INTEGER)');
    const sizes = await as('yumzoom_monitor', () => rows('SELECT * FROM get_table_sizes()'));
    expect(sizes).toContainEqual(expect.objectContaining({ table_name: 'public."Odd ""Name"', row_count: null }));
    await owner.query('DROP TABLE "Odd ""Name"');
  });

  test('get_unused_indexes spares what enforces a rule', async () => {
    const unused = await as('yumzoom_monitor', () => rows('SELECT index_name FROM get_unused_indexes()'));
    const names = unused.map((row) => row.index_name);
    expect(names).toContain('restaurants_location_idx');
    expect(names.filter((name) => /_key$|_pkey$/.test(name))).toEqual([]);
  });

  test('get_slow_queries shows the statements of others, but no DDL', async () => {
    await owner.query('CREATE TABLE slow_ddl AS SELECT 1 AS n FROM pg_sleep(0.06)');
    await owner.query('SELECT pg_sleep(0.06)');
    const slow = await as('yumzoom_monitor', () => rows('SELECT * FROM get_slow_queries(40, 5)'));
    expect(slow.map((row) => row.query)).toContain('SELECT pg_sleep($1)');
    expect(slow.filter((row) => /slow_ddl/.test(row.query))).toEqual([]);
  });
});

describe('maintenance functions, as yumzoom_maintenance', () => {
  test('update_table_statistics analyzes what changed', async () => {
    await owner.query(
      "INSERT INTO user_profiles (email, display_name) SELECT n || '@x', 'X' FROM generate_series(1, 500) n",
    );
    await as('yumzoom_maintenance', () => rows('SELECT update_table_statistics()'));
    expect(await rows("SELECT reltuples FROM pg_class WHERE relname = 'user_profiles'")).toEqual([{ reltuples: 500 }]);
    await as('yumzoom_maintenance', () => rows('SELECT analyze_all_tables()'));
  });

  test('reindex_table records one open request and says who will run it', async () => {
    const notices: string[] = [];
    const listen = (notice: { message: string | undefined }) => notices.push(notice.message ?? '');
    owner.on('notice', listen);
    await as('yumzoom_maintenance', async () => {
      for (const name of ['ratings', 'public.ratings']) await rows('SELECT reindex_table($1)', [name]);
      await expect(rows("SELECT reindex_table('pg_class')")).rejects.toThrow('there is no table "pg_class"');
    });
    owner.off('notice', listen);
    expect(notices[0]).toContain('reindex of public.ratings is requested; the maintenance engine runs it concurrently');
    expect(await rows('SELECT task, schema_name, table_name, requested_by FROM maintenance_requests')).toEqual([
      { task: 'reindex', schema_name: 'public', table_name: 'ratings', requested_by: expect.any(String) },
    ]);
  });

  test('check_constraint_violations counts the rows that break what was never verified', async () => {
    await owner.query(`
      CREATE TABLE parent (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
      INSERT INTO parent VALUES (1, 1);
      CREATE TABLE child (a INTEGER, b INTEGER, "the price" INTEGER);
      INSERT INTO child VALUES (1, 1, 5), (1, 2, -5), (NULL, 2, NULL), (NULL, NULL, -1), (9, 9, 1);
      ALTER TABLE child
        ADD CONSTRAINT simple_fk FOREIGN KEY (a, b) REFERENCES parent NOT VALID,
        ADD CONSTRAINT full_fk FOREIGN KEY (a, b) REFERENCES parent MATCH FULL NOT VALID,
        ADD CONSTRAINT positive CHECK ("the price" > 0) NOT VALID,
        ADD CONSTRAINT small CHECK ("the price" < 100) NOT VALID;
    `);
    const broken = await as('yumzoom_maintenance', () => rows('SELECT * FROM check_constraint_violations()'));
    expect(broken).toEqual([
      { table_name: 'public.child', constraint_name: 'full_fk', violation_count: '3' },
      { table_name: 'public.child', constraint_name: 'positive', violation_count: '2' },
      { table_name: 'public.child', constraint_name: 'simple_fk', violation_count: '2' },
    ]);
    await owner.query('DROP TABLE child, parent');
    expect(await rows('SELECT * FROM check_constraint_violations()')).toEqual([]);
  });
});

describe('nearby_restaurants_optimized', () => {
  const EARTH_KM = 6371.0088;
  const radians = (degrees: number) => (degrees * Math.PI) / 180;

  function apart(a: { lat: number; lng: number }, b: { lat: number; lng: number }): number {
    const half = (x: number, y: number) => Math.sin(radians(x - y) / 2) ** 2;
    const chord = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lng, b.lng);
    return 2 * EARTH_KM * Math.asin(Math.sqrt(Math.min(1, chord)));
  }

  const degrees = (limit: number) => fc.integer({ min: -limit * 100, max: limit * 100 }).map((n) => n / 100);
  /** Poles and the 180th meridian are where such functions break. */
  const lats = fc.oneof(degrees(90), fc.constantFrom(-90, -89.9, 89.9, 90));
  const lngs = fc.oneof(degrees(180), fc.constantFrom(-180, -179.9, 179.9, 180));
  const place = fc.record({ lat: lats, lng: lngs });

  test('finds exactly the restaurants within the distance, nearest first', async () => {
    const places = fc.sample(place, { numRuns: 400, seed: 7 });
    await owner.query(
      `INSERT INTO restaurants (name, cuisine, city, address, price_level, latitude, longitude, opened_on)
       SELECT 'R', 'Thai', 'World', '1 Road', 1, lat, lng, current_date
       FROM unnest($1::FLOAT[], $2::FLOAT[]) AS p (lat, lng)`,
      [places.map((p) => p.lat), places.map((p) => p.lng)],
    );
    const find = fc.asyncProperty(place, fc.integer({ min: 1, max: 12_000 }), async (centre, km) => {
      const sql = 'SELECT away_km FROM nearby_restaurants_optimized($1, $2, $3, 1000)';
      const found = (await rows(sql, [centre.lat, centre.lng, km])).map((row) => row.away_km as number);
      const expected = places.map((p) => apart(centre, p)).filter((away) => away <= km);
      expect(found.length).toBe(expected.length);
      expect(found).toEqual([...found].sort((a, b) => a - b));
    });
    await fc.assert(find, { numRuns: 150, seed: 11 });
  });

  test.each([
    [91, 0, 5],
    [0, 181, 5],
    [0, 0, 0],
    [null, 0, 5],
  ])('refuses the place %j, %j and the distance %j', (lat, lng, km) =>
    expect(rows('SELECT * FROM nearby_restaurants_optimized($1, $2, $3)', [lat, lng, km])).rejects.toMatchObject({
      code: '22023',
    }),
  );
});

test('the totals of a restaurant follow its ratings', async () => {
  const [restaurant] =
    await rows(`INSERT INTO restaurants (name, cuisine, city, address, price_level, latitude, longitude, opened_on)
    VALUES ('R', 'Thai', 'X', '1 Road', 1, 0, 0, current_date) RETURNING id`);
  const [first, second] = await rows('SELECT id FROM user_profiles LIMIT 2');
  const average = async () =>
    (
      await rows('SELECT average_rating::FLOAT AS a, rating_count AS n FROM restaurants WHERE id = $1', [
        restaurant?.id,
      ])
    )[0];
  await as('yumzoom_app', async () => {
    const rate = (user: number, score: number) =>
      rows('INSERT INTO ratings (restaurant_id, user_id, score) VALUES ($1, $2, $3)', [restaurant?.id, user, score]);
    expect(await average()).toEqual({ a: null, n: 0 });
    await rate(first?.id, 5);
    await rate(second?.id, 2);
    expect(await average()).toEqual({ a: 3.5, n: 2 });
    await rows('UPDATE ratings SET score = 4 WHERE user_id = $1', [second?.id]);
    expect(await average()).toEqual({ a: 4.5, n: 2 });
    await rows('DELETE FROM ratings WHERE user_id = $1', [first?.id]);
    expect(await average()).toEqual({ a: 4, n: 1 });
  });
});
