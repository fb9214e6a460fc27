import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { type BackupRig, makeRig } from './rig.ts';

/** `npm run soak -- backup-shapes` restores into every kind of database, and each of the tables alone; the tests do one. */
const ALL = process.env.SOAK_SHAPES === 'all';

/** Rows of a good megabyte, so that a table gets a `pg_dump` of its own. */
const MANY = 'generate_series(1, 9000) i';
const NOTE = 'repeat(md5(i::text), 4)';

/** What stands in a database, and what of it must be the same after a restore: a query for each. */
const SHAPES: readonly [name: string, statements: readonly string[], asks: readonly string[]][] = [
  [
    'a materialized view that needs a key to be what it is, with an index',
    [
      `CREATE TABLE keyed (id int PRIMARY KEY, note text); INSERT INTO keyed SELECT i, ${NOTE} FROM ${MANY}`,
      'CREATE MATERIALIZED VIEW grouped AS SELECT id, note, count(*) AS n FROM keyed GROUP BY id',
      'CREATE UNIQUE INDEX ON grouped (id)',
      'CREATE MATERIALIZED VIEW above AS SELECT max(id) AS most FROM grouped',
    ],
    ['grouped', 'above'],
  ],
  [
    'an index on a function that needs a key to be what it is',
    [
      'CREATE TABLE words (id int PRIMARY KEY, word text)',
      `CREATE FUNCTION word_of(one int) RETURNS text IMMUTABLE BEGIN ATOMIC SELECT word FROM words GROUP BY id HAVING id = one; END`,
      `CREATE TABLE said (id int, note text); INSERT INTO said SELECT i, ${NOTE} FROM ${MANY}`,
      'CREATE INDEX said_word ON said ((word_of(id)))',
    ],
    ['said'],
  ],
  [
    'an index on a function that the owner of its table may call no more',
    [
      'CREATE ROLE shape_owner',
      `CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'`,
      `CREATE TABLE owned (id int PRIMARY KEY, note text); INSERT INTO owned SELECT i, ${NOTE} FROM ${MANY}`,
      'CREATE INDEX owned_folded ON owned (folded(note))',
      'ALTER TABLE owned OWNER TO shape_owner; REVOKE EXECUTE ON FUNCTION folded(text) FROM PUBLIC',
    ],
    ['owned'],
  ],
  [
    'keys into a table that its owner may read no more',
    [
      `CREATE TABLE closed (id int PRIMARY KEY, note text); INSERT INTO closed SELECT i, ${NOTE} FROM ${MANY}`,
      `CREATE TABLE into_closed (id int REFERENCES closed, note text); INSERT INTO into_closed SELECT i, ${NOTE} FROM ${MANY}`,
      'ALTER TABLE closed OWNER TO shape_owner; ALTER TABLE into_closed OWNER TO shape_owner',
      'REVOKE ALL ON closed FROM shape_owner; REVOKE ALL ON into_closed FROM shape_owner',
    ],
    ['closed', 'into_closed'],
  ],
  [
    'tables of one name in two schemas, and names that no word is',
    [
      `CREATE TABLE twice (id serial, note text); INSERT INTO twice (note) SELECT ${NOTE} FROM ${MANY}`,
      `CREATE SCHEMA "a b""c.d"; CREATE TABLE "a b""c.d".twice (id serial, note text)`,
      `INSERT INTO "a b""c.d".twice (note) SELECT 'x' || ${NOTE} FROM ${MANY}`,
      `CREATE TABLE "Größe 数 😀*?" (id int PRIMARY KEY, note text); INSERT INTO "Größe 数 😀*?" SELECT i, ${NOTE} FROM ${MANY}`,
      `CREATE TABLE "new\nline" (id int PRIMARY KEY, note text); INSERT INTO "new\nline" SELECT i, ${NOTE} FROM ${MANY}`,
      `CREATE TABLE "$(x)\\|'%" (id int PRIMARY KEY, note text); INSERT INTO "$(x)\\|'%" SELECT i, ${NOTE} FROM ${MANY}`,
      'CREATE SCHEMA "odd ext"; CREATE EXTENSION hstore SCHEMA "odd ext"',
      `CREATE TABLE pairs (id int, p "odd ext".hstore); INSERT INTO pairs VALUES (1, '"a"=>"b"')`,
    ],
    ['twice', '"a b""c.d".twice', '"Größe 数 😀*?"', '"new\nline"', `"$(x)\\|'%"`, 'pairs'],
  ],
  [
    'partitions, one of which stands by a type whose numbers change, and what inherits',
    [
      "CREATE TYPE colour AS ENUM ('red', 'green', 'blue')",
      'CREATE TABLE painted (c colour, note text) PARTITION BY HASH (c)',
      ...[0, 1].map(
        (n) => `CREATE TABLE painted_${n} PARTITION OF painted FOR VALUES WITH (MODULUS 2, REMAINDER ${n})`,
      ),
      `INSERT INTO painted SELECT ('{red,green,blue}'::colour[])[1 + i % 3], ${NOTE} FROM generate_series(1, 20000) i`,
      'CREATE TABLE dated (at date, n int, note text, PRIMARY KEY (at, n)) PARTITION BY RANGE (at)',
      "CREATE TABLE dated_1 PARTITION OF dated FOR VALUES FROM ('2026-01-01') TO ('2026-07-01') PARTITION BY LIST (n)",
      'CREATE TABLE dated_1_rest PARTITION OF dated_1 DEFAULT; CREATE TABLE dated_rest PARTITION OF dated DEFAULT',
      `INSERT INTO dated SELECT date '2026-01-01' + i % 365, i, ${NOTE} FROM generate_series(1, 20000) i`,
      'CREATE INDEX ON dated (note); CREATE TABLE of_dated (at date, n int, FOREIGN KEY (at, n) REFERENCES dated)',
      "INSERT INTO of_dated VALUES ('2026-01-02', 1)",
      'CREATE TABLE line (id int, note text); CREATE TABLE below (more int) INHERITS (line); ALTER TABLE below ADD PRIMARY KEY (id)',
      `INSERT INTO line SELECT i, ${NOTE} FROM ${MANY}; INSERT INTO below SELECT i, ${NOTE}, i FROM ${MANY}`,
    ],
    ['painted', 'dated', 'dated_1_rest', 'of_dated', 'line', 'ONLY line', 'below'],
  ],
  [
    'columns that make themselves, and the sequences behind them',
    [
      `CREATE TABLE made (id bigint GENERATED ALWAYS AS IDENTITY (START 500 INCREMENT 3), s smallserial, note text, twice text GENERATED ALWAYS AS (note || note) STORED)`,
      `INSERT INTO made (note) SELECT ${NOTE} FROM ${MANY}; CREATE SEQUENCE free CYCLE MAXVALUE 9 OWNED BY made.note; SELECT nextval('free') FROM generate_series(1, 12)`,
      'ALTER TABLE made DROP COLUMN s; ALTER TABLE made ADD later int DEFAULT 7',
    ],
    ['made', '(SELECT last_value, is_called FROM free)', '(SELECT last_value, is_called FROM made_id_seq)'],
  ],
  [
    'large objects, with their owners and comments',
    [
      `SELECT lo_from_bytea(800000 + i, decode(repeat(md5(i::text), 90), 'hex')) FROM generate_series(1, 300) i`,
      "COMMENT ON LARGE OBJECT 800001 IS 'the first'; ALTER LARGE OBJECT 800002 OWNER TO shape_owner; GRANT SELECT ON LARGE OBJECT 800003 TO shape_owner",
    ],
    [
      '(SELECT oid, lo_get(oid) FROM pg_largeobject_metadata)',
      "(SELECT oid, lomowner::regrole::text, lomacl::text, obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata)",
    ],
  ],
  [
    'row level security that holds for owners, foreign tables, unlogged ones and what runs at events',
    [
      `CREATE TABLE guarded (id int PRIMARY KEY, note text); INSERT INTO guarded SELECT i, ${NOTE} FROM ${MANY}`,
      'CREATE POLICY few ON guarded USING (id < 5); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
      `CREATE UNLOGGED TABLE quick (id int PRIMARY KEY, note text); INSERT INTO quick SELECT i, ${NOTE} FROM ${MANY}`,
      'CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw',
      "CREATE FOREIGN TABLE away (line text) SERVER files OPTIONS (filename '/nonexistent')",
      "CREATE FUNCTION stop_it() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'nothing is altered here'; END$$",
      "CREATE EVENT TRIGGER stop_it ON ddl_command_start WHEN TAG IN ('DROP VIEW') EXECUTE FUNCTION stop_it()",
    ],
    ['guarded', 'quick', '(SELECT ftrelid::regclass::text FROM pg_foreign_table)'],
  ],
];

let source: TestServer;
let newer: TestServer | undefined;
let rig: BackupRig;
let url: string;
let id: string;
/** Where it was restored to. */
const copies: Record<string, string> = {};

const at = (server: string, name: string) => Object.assign(new URL(server), { pathname: `/${name}` }).href;

async function ask(where: string, sql: string): Promise<unknown[]> {
  const client = await open(where);
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

/** What a plain `pg_dump` says of everything but rows. */
async function schemaOf(where: string): Promise<string> {
  const { stdout } = await promisify(execFile)('pg_dump', ['--schema-only', `--dbname=${where}`], { maxBuffer: 1e8 });
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

beforeAll(async () => {
  source = await startEmbeddedServer(15, { max_connections: 40 });
  url = await source.createDatabase('app');
  for (const [name, statements] of SHAPES)
    await run(url, ...statements).catch((cause: unknown) => {
      throw new Error(name, { cause });
    });
  rig = await makeRig(url, '    jobs: 3\n');
  id = await rig.good();
}, 300_000);
afterAll(async () => {
  await rig?.remove();
  await source?.stop();
  await newer?.stop();
});

test('its rows are in three archives', async () => {
  const { objects } = await rig.backups().manifest(id);
  expect(objects.filter(({ part }) => part.startsWith('dump')).length).toBe(3);
});

const TARGETS: [name: string, make: () => Promise<string>][] = [
  ['a new database', () => Promise.resolve(at(url, 'fresh'))],
  ['an empty database', () => source.createDatabase('empty', 'template0')],
  [
    'a new database of PostgreSQL 18',
    async () => {
      newer = await startEmbeddedServer(18, { max_connections: 40 });
      return at(await newer.createDatabase('seed'), 'fresh');
    },
  ],
];

describe.each(ALL ? TARGETS : TARGETS.slice(0, 1))('restored into %s', (name, target) => {
  beforeAll(async () => {
    copies[name] = await target();
    const report = await rig.restore(id, copies[name] as string);
    expect(report.warnings).toEqual([]);
  }, 300_000);
  const copy = () => copies[name] as string;

  test.skipIf(name.endsWith('18'))('a dump of it has the same definitions', async () => {
    expect(await schemaOf(copy())).toBe(await schemaOf(url));
  });

  test.each(SHAPES)('%s', async (_name, _statements, asks) => {
    for (const what of asks) {
      const sql = `SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ${what} t`;
      expect(await ask(copy(), sql), what).toEqual(await ask(url, sql));
    }
  });
});

const ALONE = ['"new\nline"', '"a b""c.d".twice', '"Größe 数 😀*?"'];

test.each(ALL ? ALONE : ALONE.slice(0, 1))('one table alone is restored out of it: %s', async (table) => {
  const place = at(url, 'one');
  await run(at(url, 'postgres'), 'DROP DATABASE IF EXISTS one');
  expect(await rig.restore(id, place, { table })).toMatchObject({ rows: 9_000 });
  const sql = `SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ${table} t`;
  expect(await ask(place, sql)).toEqual(await ask(url, sql));
});

test('a database of another encoding comes back, and a table that its dump calls otherwise is not called restored', async () => {
  const latin = at(url, 'latin');
  await run(
    at(url, 'postgres'),
    "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
  );
  const tables = ['"größe"', 'plain', 'other'];
  for (const table of tables) {
    await run(latin, `CREATE TABLE ${table} AS SELECT i AS id, 'ä' || ${NOTE} AS note FROM ${MANY}`);
  }
  const own = await makeRig(latin, '    jobs: 3\n');
  const made = await own.good();
  const { objects } = await own.backups().manifest(made);
  expect(objects.filter(({ part }) => part.startsWith('dump.')).length).toBeGreaterThan(0);
  await own.restore(made, at(url, 'latin2'));
  for (const table of tables) {
    const sql = `SELECT count(*), sum(hashtextextended(t::text, 0)) FROM ${table} t`;
    expect(await ask(at(url, 'latin2'), sql), table).toEqual(await ask(latin, sql));
  }
  await expect(own.restore(made, at(url, 'latin3'), { table: '"größe"' })).rejects.toMatchObject({
    code: 'backup_table_unknown',
    message: 'The table is not found in the dump, which writes names in LATIN1.',
  });
  await own.remove();
});
