import { type BackupConnection, quoteIdentifier } from '../database.ts';
import { type HashedBy, hashedHere, rowHash } from './row-hash.ts';

/** What is known of a table at the moment of the backup. */
export interface TableRecord {
  schema: string;
  name: string;
  owner: string;
  rows: number;
  /** Sum of the hashes of all rows, as decimal text; null when they were not hashed. */
  hash: string | null;
  /** Whether only every so-manieth row was hashed; then the number, else null. */
  sampledBy: number | null;
  hashedBy?: HashedBy;
  /** Names of its indexes, constraints and triggers, and of sequences that belong to it, in the same schema. */
  parts: string[];
}

/**
 * Settings under which a row reads the same everywhere: a hash of text is worthless when a zone or a style of dates
 * differs.
 */
const STEADY = [
  "SET LOCAL TimeZone = 'UTC'",
  "SET LOCAL DateStyle = 'ISO, YMD'",
  "SET LOCAL IntervalStyle = 'postgres'",
  'SET LOCAL extra_float_digits = 3',
  "SET LOCAL bytea_output = 'hex'",
  "SET LOCAL xmlbinary = 'base64'",
  "SET LOCAL lc_monetary = 'C'",
  'SET LOCAL search_path = pg_catalog',
  'SET LOCAL row_security = off',
  'SET LOCAL statement_timeout = 0',
  'SET LOCAL idle_in_transaction_session_timeout = 0',
].join('; ');

/** Ordinary tables with rows of the user's: not those of the system, of extensions, or of schemas left out. */
const OF_USERS = `
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND c.relpersistence <> 't'
     AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT n.nspname = ANY ($1::text[]) AND ($2::text[] IS NULL OR n.nspname = ANY ($2))
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ORDER BY n.nspname, c.relname`;

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.reltuples::text AS estimate,
         ARRAY(SELECT i.relname::text FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid)
         || ARRAY(SELECT o.conname::text FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid)
         || ARRAY(SELECT t.tgname::text FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
         || ARRAY(SELECT s.relname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
                   WHERE d.refobjid = c.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
                     AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')) AS parts
${OF_USERS}`;

const SIZES = `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_size(c.oid)::text AS bytes ${OF_USERS}`;

/** A session that counts, and the tables that it has held since before any `pg_dump` began. */
export interface Counter {
  connection: BackupConnection;
  holds: readonly SizedTable[];
}

/** A table and how many bytes its rows take, those that are stored out of line included. */
export interface SizedTable {
  schema: string;
  name: string;
  bytes: number;
}

/** Rows from which building an index takes long enough for a program of its own. */
export const LARGE_ROWS = 50_000;

/** The tables that `countRows` counts. */
export async function readSizes(
  connection: BackupConnection,
  { without, within }: Pick<CountOptions, 'without' | 'within'>,
): Promise<SizedTable[]> {
  const rows = await connection.query<Record<keyof SizedTable, string>>(SIZES, [without, within ?? null]);
  return rows.map(({ schema, name, bytes }) => ({ schema, name, bytes: Number(bytes) }));
}

interface TableRow {
  schema: string;
  name: string;
  owner: string;
  estimate: string;
  parts: string[];
}

/** How rows are hashed. */
export type HashMode = 'auto' | 'all' | 'sample' | 'off';

const AUTO_LIMIT = 10 * 1024 ** 3;
const SAMPLE_OVER = 1_000_000;
const SAMPLE_BY = 64;

export interface CountOptions {
  mode: HashMode;
  /** Of `readSizes`: whoever asks for a size waits for who alters the table. */
  sizes: readonly SizedTable[];
  /** Schemas that are not looked at. */
  without: readonly string[];
  /** The only ones that are looked at; null or undefined = all. */
  within?: readonly string[] | null;
  signal?: AbortSignal | undefined;
  /** Called after each table. */
  onTable?(done: number, total: number): void;
}

/**
 * Counts and hashes the rows of every table, within the transactions of the connections.
 *
 * The hash is the sum of the hashes of all rows: independent of their order, equal on every server of the same architecture
 * from PostgreSQL 11 on.
 * @param counters at least one, all of which see the same moment; they count beside each other, large tables first. What one
 *   holds is counted by itself
 * @returns tables in the order of their names
 */
export async function countRows(counters: readonly Counter[], options: CountOptions): Promise<TableRecord[]> {
  await Promise.all(counters.map(({ connection }) => connection.query(STEADY)));
  const [first] = counters;
  if (!first) throw new Error('nothing counts');
  const tables = await first.connection.query<TableRow>(TABLES, [options.without, options.within ?? null]);
  const bytes = options.sizes.reduce((sum, table) => sum + table.bytes, 0);
  const mode = options.mode === 'auto' ? (bytes <= AUTO_LIMIT ? 'all' : 'sample') : options.mode;
  const hashedBy = await hashedHere(first.connection);
  const records: TableRecord[] = [];
  const { own, others } = shareOut(tables, options.sizes, counters);
  let done = 0;
  const count = async ({ connection }: Counter, queue: Iterable<IndexedTable>) => {
    for (const [index, table] of queue) {
      options.signal?.throwIfAborted();
      const sampledBy = mode === 'sample' && Number(table.estimate) > SAMPLE_OVER ? SAMPLE_BY : null;
      records[index] = await countTable(connection, { ...table, hashedBy }, mode === 'off' ? 'off' : sampledBy);
      options.onTable?.(++done, tables.length);
    }
  };
  await Promise.all(
    counters.map(async (counter) => {
      await count(counter, own.get(counter) ?? []);
      await count(counter, others);
    }),
  );
  return records;
}

type IndexedTable = [index: number, table: TableRow];

/** What each counter counts because it holds it, and what is counted by who is free. */
function shareOut(
  tables: readonly TableRow[],
  sizes: readonly SizedTable[],
  counters: readonly Counter[],
): { own: Map<Counter, IndexedTable[]>; others: IterableIterator<IndexedTable> } {
  const bytesOf = new Map(sizes.map((table) => [keyOf(table), table.bytes]));
  const holders = new Map(
    counters.flatMap((counter) => counter.holds.map((table) => [keyOf(table), counter] as const)),
  );
  const own = new Map<Counter, IndexedTable[]>(counters.map((counter) => [counter, []]));
  const others: IndexedTable[] = [];
  const bytes = ([, table]: IndexedTable) => bytesOf.get(keyOf(table)) ?? 0;
  for (const entry of [...tables.entries()].sort((a, b) => bytes(b) - bytes(a))) {
    const holder = holders.get(keyOf(entry[1]));
    const queue = holder === undefined ? others : own.get(holder);
    queue?.push(entry);
  }
  return { own, others: others.values() };
}

const keyOf = ({ schema, name }: Pick<TableRow, 'schema' | 'name'>) =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;

/** Counts and hashes one table as an earlier record did, so that the two can be compared. */
export async function recount(connection: BackupConnection, record: TableRecord): Promise<TableRecord> {
  await connection.query(STEADY);
  return countTable(connection, record, record.hash === null ? 'off' : record.sampledBy);
}

async function countTable(
  connection: BackupConnection,
  { schema, name, owner, parts, hashedBy }: Pick<TableRecord, 'schema' | 'name' | 'owner' | 'parts' | 'hashedBy'>,
  sampling: number | null | 'off',
): Promise<TableRecord> {
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  // A sample is chosen by the row itself: the same rows are in it wherever they lie.
  const hash = sampling === 'off' ? '' : await rowHash(connection, { schema, name, hashedBy });
  const sample = typeof sampling === 'number' ? ` FILTER (WHERE ${hash} % ${sampling} = 0)` : '';
  const sum = sampling === 'off' ? 'NULL::text' : `coalesce(sum(${hash})${sample}, 0)::text`;
  const [row] = await connection.query<{ rows: string; hash: string | null }>(
    // Rows of tables that inherit are counted with those.
    `SELECT count(*)::text AS rows, ${sum} AS hash FROM ONLY ${table} t`,
  );
  return {
    schema,
    name,
    owner,
    rows: Number(row?.rows),
    hash: row?.hash ?? null,
    sampledBy: typeof sampling === 'number' ? sampling : null,
    ...(hashedBy === undefined ? {} : { hashedBy }),
    parts,
  };
}
