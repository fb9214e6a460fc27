import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readBackupKeys } from '../../src/care/backup/index.ts';
import { BackupKey } from '../../src/care/backup/key.ts';
import { codeOf } from '../../src/lib/errors.ts';
import { asRole, open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type BackupRig, damage, flip, hooks, makeRig, problemCodes } from './rig.ts';

let server: TestServer;
let url: string;
let admin: string;

const SCHEMA = [
  'CREATE EXTENSION pg_trgm',
  "CREATE TYPE mood AS ENUM ('ok', 'bad')",
  `CREATE TABLE restaurants (id serial PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'ok', data jsonb, at timestamptz DEFAULT now(), score float8)`,
  `INSERT INTO restaurants (name, data, score) SELECT 'Café ' || i, jsonb_build_object('i', i), i / 3.0 FROM generate_series(1, 3000) i`,
  'CREATE INDEX restaurants_name ON restaurants USING gin (name gin_trgm_ops)',
  'CREATE SCHEMA "Sales"',
  'CREATE TABLE "Sales"."Order Items" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), restaurant int REFERENCES restaurants (id), photo text, CHECK (restaurant > 0))',
  `INSERT INTO "Sales"."Order Items" (restaurant, photo) SELECT i, 'p' || (i % 3) || '.jpg' FROM generate_series(1, 500) i`,
  'ALTER TABLE "Sales"."Order Items" OWNER TO cook',
  'CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at)',
  "CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  "INSERT INTO parts SELECT i, date '2026-01-01' + i FROM generate_series(0, 99) i",
];

beforeAll(async () => {
  server = await startEmbeddedServer(15);
  url = await server.createDatabase('app');
  admin = Object.assign(new URL(url), { pathname: '/postgres' }).href;
  await run(admin, "CREATE ROLE cook LOGIN PASSWORD 'soup'", 'CREATE ROLE kitchen', 'GRANT kitchen TO cook');
  await run(url, ...SCHEMA);
});
afterAll(() => server?.stop());

const other = (name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;

async function ask(at: string, sql: string): Promise<unknown[]> {
  const client = await open(at);
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.map((row: unknown[]) => row[0]);
  } finally {
    await client.end();
  }
}

const HASH = (table: string) => `SELECT count(*) || ' ' || sum(hashtextextended(t::text, 0)) FROM ${table} t`;
const TABLES = ['restaurants', '"Sales"."Order Items"', 'parts'];
const hashes = async (at: string) => (await Promise.all(TABLES.map((table) => ask(at, HASH(table))))).flat();

describe('a logical backup', () => {
  let rig: BackupRig;
  let id: string;
  const big = randomBytes(3_000_000);

  beforeAll(async () => {
    rig = await makeRig(
      url,
      '    files: [./uploads]\n    file_columns: [{table: \'"Sales"."Order Items"\', column: photo}]\n',
    );
    for (const name of ['p0.jpg', 'p1.jpg', 'p2.jpg']) await rig.write(`uploads/${name}`, name);
    await rig.write('uploads/deep/big.bin', big);
    await rig.write('uploads/copy of big.bin', big);
    id = await rig.good();
  });
  afterAll(() => rig?.remove());

  test('restores with every row the same, with roles, owners and settings', async () => {
    await run(admin, 'DROP DATABASE IF EXISTS copy1');
    const report = await rig.restore(id, other('copy1'));
    expect(report).toMatchObject({ database: 'copy1', kept: null, warnings: [] });
    expect(await hashes(other('copy1'))).toEqual(await hashes(url));
    const owner = `SELECT relowner::regrole::text FROM pg_class WHERE relname = 'Order Items'`;
    expect(await ask(other('copy1'), owner)).toEqual(['cook']);
  });

  test('verifies up to its rows, and the evidence is kept', async () => {
    const record = await rig.verify(id, 3);
    expect(record).toMatchObject({ ok: true, findings: [], level: 3 });
    expect(record.evidence).toMatchObject({ tables: 3, rows: 3_600, hashed: 3 });
    expect(record.evidence.indexes).toBe(2);
    const [entry] = await rig.backups().list(rig.backups().config('nightly'));
    expect(entry).toMatchObject({ id, status: 'good', verified: { level: 3, ok: true } });
  });

  test('says which rows are not the same', async () => {
    const second = await makeRig(url);
    const changed = await second.good();
    // The list of tables is sealed; what it says is changed as a fault in our own counting would.
    const store = await second.backups().repository(second.backups().config('nightly'));
    const manifest = await second.backups().manifest(changed);
    const object = manifest.objects.find(({ part }) => part === 'tables');
    const tables = JSON.parse(await store.readText(object?.path ?? '')) as { rows: number; hash: string }[];
    Object.assign(tables[0] as object, { rows: 501 });
    Object.assign(tables[1] as object, { hash: '7' });
    const body = Buffer.from(JSON.stringify(tables));
    const stored = await store.writeObject(
      object?.path ?? '',
      (async function* () {
        yield body;
      })(),
    );
    const objects = manifest.objects.map((item) => (item.part === 'tables' ? { part: 'tables', ...stored } : item));
    await store.writeRecord(`nightly/manifests/${changed}.json`, { ...manifest, objects });
    const { ok, findings } = await second.verify(changed, 3);
    expect(ok).toBe(false);
    expect(findings.map(({ code, object: name }) => `${code} ${name}`)).toEqual([
      'rows_missing Sales.Order Items',
      'rows_differ public.parts_2026',
    ]);
    await second.remove();
  });

  test('keeps equal bytes once, and adds next to nothing when nothing changed', async () => {
    const chunks = await rig.stored('/chunks/');
    const bytes = (await Promise.all(chunks.map((file) => readFile(file)))).reduce(
      (sum, { length }) => sum + length,
      0,
    );
    expect(bytes).toBeLessThan(big.length * 1.01);
    const again = await rig.backups().manifest(await rig.good());
    expect(await rig.stored('/chunks/')).toEqual(chunks);
    expect(again.bytes).toBeLessThan(400_000);
  });

  test('gives back one file, and all files, byte for byte', async () => {
    const folder = join(rig.folder, 'out');
    const restore = (path: string | undefined, yes = false) =>
      rig.backups().restoreFiles(id, { path, folder, yes }, hooks());
    expect(await restore('deep/big.bin')).toEqual({ files: 1, bytes: big.length });
    expect((await readFile(join(folder, 'deep/big.bin'))).equals(big)).toBe(true);
    await expect(restore('deep/big.bin')).rejects.toMatchObject({ code: 'restore_file_exists' });
    await expect(restore('deep/none')).rejects.toMatchObject({ code: 'backup_file_unknown' });
    expect((await restore(undefined, true)).files).toBe(5);
    const names = (await readdir(join(rig.folder, 'uploads'), { recursive: true })).sort();
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(names);
    for (const name of names.filter((path) => path.includes('.'))) {
      const [was, is] = await Promise.all([join(rig.folder, 'uploads'), folder].map((at) => readFile(join(at, name))));
      expect(is?.equals(was as Buffer), name).toBe(true);
    }
  });

  test('gives back a dropped table with its indexes, keys and owner', async () => {
    await run(admin, 'DROP DATABASE IF EXISTS copy2');
    await rig.restore(id, other('copy2'));
    await run(other('copy2'), 'DROP TABLE "Sales"."Order Items"');
    const restoring = rig.restore(id, other('copy2'), { table: '"Sales"."Order Items"' });
    await expect(restoring).rejects.toMatchObject({ code: 'restore_needs_yes' });
    await rig.restore(id, other('copy2'), { table: '"Sales"."Order Items"', yes: true });
    expect(await hashes(other('copy2'))).toEqual(await hashes(url));
    const constraints = `SELECT count(*)::int FROM pg_constraint WHERE conrelid = '"Sales"."Order Items"'::regclass`;
    expect(await ask(other('copy2'), constraints)).toEqual(await ask(url, constraints));
  });

  test('keeps a table that is in the way', async () => {
    await run(admin, 'DROP DATABASE IF EXISTS copy3');
    await rig.restore(id, other('copy3'));
    await run(other('copy3'), 'DELETE FROM parts_2026');
    const { kept } = await rig.restore(id, other('copy3'), { table: 'restaurants', yes: true });
    expect(kept).toMatch(/^before_\d{17}\.restaurants$/);
    expect(await ask(other('copy3'), `SELECT count(*)::int FROM ${kept}`)).toEqual([3_000]);
    expect(await ask(other('copy3'), 'SELECT count(*)::int FROM restaurants')).toEqual([3_000]);
  });

  test('restores one schema: beside what is kept, into a new database, and with extensions that stand in it', async () => {
    await run(admin, 'DROP DATABASE IF EXISTS copy4', 'DROP DATABASE IF EXISTS copy5');
    await rig.restore(id, other('copy4'));
    await run(
      other('copy4'),
      'DELETE FROM "Sales"."Order Items" WHERE restaurant > 100',
      'CREATE TABLE mine AS SELECT 1',
    );
    await expect(rig.restore(id, other('copy4'), { schema: 'Sales' })).rejects.toMatchObject({
      code: 'restore_needs_yes',
    });
    const sales = await rig.restore(id, other('copy4'), { schema: '"Sales"', yes: true });
    expect(sales).toMatchObject({ kept: expect.stringMatching(/^before_\d{17}$/), rows: 500 });
    expect(await hashes(other('copy4'))).toEqual(await hashes(url));
    expect(await ask(other('copy4'), `SELECT count(*)::int FROM ${sales.kept}."Order Items"`)).toEqual([100]);
    const key = `SELECT count(*)::int FROM pg_constraint WHERE conrelid = '"Sales"."Order Items"'::regclass`;
    expect(await ask(other('copy4'), key)).toEqual(await ask(url, key));

    // Its key leads to a table that is not there: it is named, and left out.
    const alone = await rig.restore(id, other('copy5'), { schema: 'Sales' });
    expect(alone.warnings).toMatchObject([expect.stringMatching(/^FK CONSTRAINT Sales Order Items .* was left out: /)]);
    expect(await ask(other('copy5'), HASH('"Sales"."Order Items"'))).toEqual(
      await ask(url, HASH('"Sales"."Order Items"')),
    );
    expect(await ask(other('copy5'), `SELECT to_regclass('restaurants')::text`)).toEqual([null]);

    await run(
      other('copy4'),
      'DELETE FROM parts_2026',
      'DELETE FROM "Sales"."Order Items"',
      'TRUNCATE restaurants CASCADE',
    );
    const open = await rig.restore(id, other('copy4'), { schema: 'public', yes: true });
    expect(await ask(other('copy4'), HASH('restaurants'))).toEqual(await ask(url, HASH('restaurants')));
    expect(await ask(other('copy4'), `SELECT count(*)::int FROM ${open.kept}.mine`)).toEqual([1]);
    expect(
      await ask(other('copy4'), `SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'`),
    ).toEqual(['public']);
    await expect(rig.restore(id, other('copy4'), { schema: 'Salse', yes: true })).rejects.toMatchObject({
      code: 'backup_schema_unknown',
      hint: 'Did you mean Sales?',
    });
  });

  test('where a part does not restore all is as it was', async () => {
    await run(admin, 'DROP DATABASE IF EXISTS copy6');
    await rig.restore(id, other('copy6'), { schema: 'Sales' });
    await run(other('copy6'), 'DROP TABLE "Sales"."Order Items"', 'CREATE TABLE "Sales".kept AS SELECT 7 AS n');
    // The type of one of its columns is in another schema, which the target lacks.
    await run(url, 'CREATE SCHEMA odd', 'CREATE TABLE odd.moods (mood mood)', 'INSERT INTO odd.moods VALUES (NULL)');
    const second = await rig.good();
    await run(url, 'DROP SCHEMA odd CASCADE');
    await run(other('copy6'), 'CREATE SCHEMA odd', 'CREATE TABLE odd.kept AS SELECT 7 AS n');
    await expect(rig.restore(second, other('copy6'), { schema: 'odd', yes: true })).rejects.toMatchObject({
      code: 'restore_failed',
      message: expect.stringContaining('type "public.mood" does not exist'),
    });
    expect(await ask(other('copy6'), 'SELECT n FROM odd.kept')).toEqual([7]);
    expect(await ask(other('copy6'), `SELECT count(*)::int FROM pg_namespace WHERE nspname ~ '^before'`)).toEqual([0]);

    const relations = `SELECT n.nspname || '.' || coalesce(c.relname, '') FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
      WHERE n.nspname !~ '^pg_|^information_schema$' ORDER BY 1`;
    const before: [string, { schema: string } | { table: string }][] = [
      ['DROP SCHEMA odd CASCADE', { schema: 'odd' }],
      ['SELECT', { table: 'odd.moods' }],
      ['CREATE SCHEMA odd', { schema: 'odd' }],
      ['SELECT', { table: 'odd.moods' }],
      ['CREATE TABLE odd.moods AS SELECT 7 AS n', { table: 'odd.moods' }],
    ];
    for (const [change, part] of before) {
      await run(other('copy6'), change);
      const was = await ask(other('copy6'), relations);
      const restoring = rig.restore(second, other('copy6'), { ...part, yes: true });
      await expect(restoring).rejects.toThrow('type "public.mood" does not exist');
      expect(await ask(other('copy6'), relations)).toEqual(was);
    }
    expect(await ask(other('copy6'), 'SELECT n FROM odd.moods')).toEqual([7]);
  });

  test('a part that does not restore leaves no new database, whoever is connected to it', async () => {
    await run(admin, 'DROP DATABASE IF EXISTS copy11');
    await run(url, 'CREATE SCHEMA odd', 'CREATE TABLE odd.moods (mood mood)');
    const second = await rig.good();
    await run(url, 'DROP SCHEMA odd CASCADE');
    const restoring = rig.restore(second, other('copy11'), { schema: 'odd' });
    const failing = expect(restoring).rejects.toMatchObject({
      code: 'restore_failed',
      message: expect.stringContaining('type "public.mood" does not exist'),
    });
    const connected = await vi.waitFor(() => open(other('copy11')), { timeout: 30_000, interval: 10 });
    const sentAway = new Promise((resolve) => connected.once('end', resolve));
    await failing;
    await sentAway;
    expect(await ask(admin, "SELECT count(*)::int FROM pg_database WHERE datname = 'copy11'")).toEqual([0]);
  });

  test('holds only the schemas that it is told to, which verify and restore by themselves', async () => {
    const sales = await makeRig(url, '    schemas: [Sales]\n');
    const part = await sales.good();
    expect(await sales.backups().list(sales.backups().config('nightly'))).toMatchObject([
      { id: part, schemas: ['Sales'] },
    ]);
    expect(await sales.verify(part, 3)).toMatchObject({ ok: true, evidence: { tables: 1, rows: 500, hashed: 1 } });
    await run(admin, 'DROP DATABASE IF EXISTS copy7');
    const report = await sales.restore(part, other('copy7'));
    expect(report.warnings.join()).toMatch(/FK CONSTRAINT Sales .* was left out/);
    expect(await ask(other('copy7'), HASH('"Sales"."Order Items"'))).toEqual(
      await ask(url, HASH('"Sales"."Order Items"')),
    );
    expect(await ask(other('copy7'), "SELECT to_regclass('restaurants')::text")).toEqual([null]);
    await expect(sales.restore(part, other('copy7'), { yes: true })).rejects.toMatchObject({ code: 'restore_partial' });
    await sales.remove();
    // With an extension, and a schema that every database has.
    const open = await makeRig(url, '    schemas: [public]\n');
    await run(admin, 'DROP DATABASE IF EXISTS copy8');
    expect(await open.restore(await open.good(), other('copy8'))).toMatchObject({ warnings: [] });
    for (const table of ['restaurants', 'parts'])
      expect(await ask(other('copy8'), HASH(table))).toEqual(await ask(url, HASH(table)));
    expect(await ask(other('copy8'), "SELECT to_regnamespace('Sales')::text")).toEqual([null]);
    await open.remove();
    const gone = await makeRig(url, '    schemas: [public, sale]\n');
    await expect(gone.good()).rejects.toMatchObject({ code: 'backup_schema_missing' });
    await gone.remove();
  });

  test('a one-off holds the schemas that were chosen for it, and stands in for no regular backup', async () => {
    const made = await makeRig(url, '    files: [./uploads]\n');
    await made.write('uploads/menu.txt', 'soup');
    const whole = await made.good();
    const all = made.backups();
    const config = all.config('nightly');
    const [outcome] = await all.run(config, hooks(), ['Sales', 'Sales']);
    const once = outcome?.id ?? '';
    expect(outcome).toMatchObject({ tier: 'logical', error: null, manifest: { schemas: ['Sales'], oneOff: true } });
    expect(outcome?.manifest?.objects.map(({ part }) => part)).not.toContain('files');
    const [missing] = await all.run(config, hooks(), ['Sale']);
    expect(missing?.error).toMatchObject({ code: 'backup_schema_missing' });
    const entries = await all.list(config);
    expect(entries).toMatchObject([
      { id: whole, schemas: null, oneOff: false },
      { id: once, schemas: ['Sales'], oneOff: true },
      { id: missing?.id, schemas: ['Sale'], oneOff: true, status: 'failed' },
    ]);
    expect(await made.verify(once, 1)).toMatchObject({ ok: true });
    expect(await all.recoverable(config, entries)).toEqual({
      earliest: entries[0]?.started,
      latest: entries[0]?.started,
    });
    // The drill recovers the whole one, and the failed one-off is no problem of the backup.
    expect(await all.drill(config, hooks())).toMatchObject({ ok: true, backup: whole });
    expect(await problemCodes(all)).not.toContain('failed');
    expect((await all.planPrune(config)).keep.map(({ id: kept }) => kept)).toEqual([whole, once]);
    await all.close();
    await made.remove();
  });

  test('replaces a database only when told to, and keeps the old one', async () => {
    const target = await server.createDatabase('used');
    await run(target, 'CREATE TABLE mine (id int)');
    await expect(rig.restore(id, target)).rejects.toMatchObject({ code: 'restore_needs_yes' });
    expect(await ask(target, "SELECT count(*)::int FROM pg_class WHERE relname = 'mine'")).toEqual([1]);
    const { kept } = await rig.restore(id, target, { yes: true });
    expect(await hashes(target)).toEqual(await hashes(url));
    expect(await ask(other(kept ?? ''), 'SELECT count(*)::int FROM mine')).toEqual([0]);
  });

  test('fills an empty database without being told to', async () => {
    const target = await server.createDatabase('empty');
    await rig.restore(id, target);
    expect(await hashes(target)).toEqual(await hashes(url));
  });

  test('never goes into its source, by whatever name that is called', async () => {
    await run(admin, "CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'pw'");
    const before = await hashes(url);
    const names = [url, url.replace('127.0.0.1', 'localhost'), asRole(url, 'boss', 'pw'), `${url}?application_name=x`];
    for (const name of names) {
      await expect(rig.restore(id, name, { yes: true })).rejects.toMatchObject({ code: 'restore_into_source' });
    }
    expect(await hashes(url)).toEqual(before);
  });

  test('is refused before anything is written when it is damaged or the key is another', async () => {
    const bad = await makeRig(url);
    const badId = await bad.good();
    const [dump = ''] = await bad.stored('/dump');
    await damage(dump, flip(-100));
    await expect(bad.restore(badId, other('never'))).rejects.toMatchObject({ code: 'backup_damaged' });
    await damage(dump, flip(-100));
    await writeFile(join(bad.folder, 'backup.key'), `${BackupKey.create().toLine()}\n`);
    await expect(bad.restore(badId, other('never'))).rejects.toMatchObject({ code: 'backup_key_wrong' });
    await rm(join(bad.folder, 'backup.key'));
    await expect(bad.restore(badId, other('never'))).rejects.toMatchObject({ code: 'backup_key_missing' });
    expect(await ask(admin, "SELECT datname::text FROM pg_database WHERE datname = 'never'")).toEqual([]);
    await bad.remove();
  });
});

describe('a logical backup that cannot be', () => {
  const rigs: BackupRig[] = [];
  const rigOf = async (...args: Parameters<typeof makeRig>) => {
    const rig = await makeRig(...args);
    rigs.push(rig);
    return rig;
  };
  afterAll(() => Promise.all(rigs.map((rig) => rig.remove())));

  async function failure(rig: BackupRig) {
    const { manifest, error } = await rig.now();
    expect(manifest).toBeNull();
    expect(await rig.stored('/manifests/')).toEqual([]);
    return error as Error & { code: string };
  }

  test('because rows name a file that is not there', async () => {
    const rig = await rigOf(
      url,
      '    files: [./uploads]\n    file_columns: [{table: \'"Sales"."Order Items"\', column: photo}]\n',
    );
    await rig.write('uploads/p0.jpg', 'x');
    await rig.write('uploads/p2.jpg', 'x');
    const error = await failure(rig);
    expect(error).toMatchObject({
      code: 'backup_files_missing',
      message: 'Rows name files that are not there: p1.jpg.',
    });
    const [entry] = await rig.backups().list(rig.backups().config('nightly'));
    expect(entry).toMatchObject({ status: 'failed', why: error.message });
  });

  test('because a folder is not there', async () => {
    expect(await failure(await rigOf(url, '    files: [./nowhere]\n'))).toMatchObject({ code: 'files_unreadable' });
  });

  test('because another one runs', async () => {
    const holder = await open(url);
    await holder.query(`SELECT pg_advisory_lock(${0x79_75_6d_62})`);
    expect(await failure(await rigOf(url))).toMatchObject({ code: 'backup_running' });
    await holder.end();
  });

  test('because the database is gone', async () => {
    expect(await failure(await rigOf(other('nowhere')))).toMatchObject({ code: 'database_unavailable' });
  });

  test('because the password is wrong, and it is shown nowhere', async () => {
    const rig = await rigOf(asRole(url, 'cook', 'wrong-secret'));
    const error = await failure(rig);
    expect(codeOf(error)).toBe('database_unavailable');
    expect(JSON.stringify(await rig.backups().list(rig.backups().config('nightly'))) + error.message).not.toContain(
      'wrong-secret',
    );
  });

  test('because a table may not be read', async () => {
    const error = await failure(await rigOf(asRole(url, 'cook', 'soup')));
    expect(error.message).toMatch(/permission denied/);
  });
});

test('the key file that was made opens what it sealed', async () => {
  const rig = await makeRig(null, '    files: [./uploads]\n');
  await rig.write('uploads/a', 'a');
  const id = await rig.good();
  const keys = readBackupKeys(await readFile(join(rig.folder, 'backup.key'), 'utf8'));
  expect((await rig.backups().manifest(id)).keyId).toBe(keys.current.id);
  expect(await rig.verify(id, 4)).toMatchObject({ ok: true });
  await rig.remove();
});
