import { type BackupConnection, quoteIdentifier } from '../database.ts';

/**
 * What of a row was hashed. `sent`: what the server would send of it, with the text of those columns of which that may
 * differ between servers. `row`: its text. Undefined, of earlier backups: its text, or of a table with a column `t` that
 * column alone.
 */
export type HashedBy = 'sent' | 'row' | undefined;

/**
 * Types, and arrays of them, of which a server sends the same bytes for the same value wherever it was restored. Not
 * among them: floating point numbers (a NaN that was calculated has other bits than one that was read), names of objects
 * (`regclass` and its like send a number that is new after a restore), money (its text has a currency), and all types
 * that somebody defined: a row that is sent says the numbers of its types, and theirs are new as well.
 */
const SENT_ALIKE: readonly string[] = [
  ...['bool', 'int2', 'int4', 'int8', 'numeric', 'oid', 'uuid', 'bytea', 'bit', 'varbit'],
  ...['text', 'varchar', 'bpchar', 'json', 'jsonb'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'],
  ...['inet', 'cidr', 'macaddr', 'macaddr8'],
];

const COLUMNS = `
  SELECT a.attname AS name, y.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
         AND CASE WHEN y.typcategory = 'A' AND y.typlen = -1 THEN e.typname ELSE y.typname END = ANY ($3::pg_catalog.name[]) AS alike
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid LEFT JOIN pg_catalog.pg_type e ON e.oid = y.typelem
   WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
   ORDER BY a.attnum`;

/** How rows are hashed here: texts of another encoding would be converted, and refused where they do not fit. */
export async function hashedHere(connection: BackupConnection): Promise<HashedBy> {
  const [row] = await connection.query<{ encoding: string }>('SELECT pg_catalog.getdatabaseencoding() AS encoding');
  return row?.encoding === 'UTF8' ? 'sent' : 'row';
}

/**
 * The SQL of the hash of one row of the table `t`, 64 bits.
 *
 * What is hashed comes from the output functions of its types alone: a cast to text may be anybody's own, and would run with
 * the rights of whoever makes the backup. It is hashed as one: a hash of the columns one by one is linear in them, so that
 * rows which swapped the values of a column have the same sum.
 */
export async function rowHash(
  connection: BackupConnection,
  { schema, name, hashedBy }: { schema: string; name: string; hashedBy?: HashedBy },
): Promise<string> {
  if (hashedBy === undefined) return 'pg_catalog.hashtextextended(t::text COLLATE "C", 0)';
  // `t` alone would be a column of that name.
  if (hashedBy === 'row') return `pg_catalog.hashtextextended(${textOf('t.*')} COLLATE pg_catalog."C", 0)`;
  const columns = await connection.query<{ name: string; alike: boolean }>(COLUMNS, [schema, name, SENT_ALIKE]);
  const listed = (alike: boolean) =>
    columns.filter((column) => column.alike === alike).map((column) => `t.${quoteIdentifier(column.name)}`);
  const others = listed(false);
  const content =
    others.length === 0 ? 't.*' : `ROW(${[...listed(true), textOf(`ROW(${others.join(', ')})`)].join(', ')})`;
  // Until version 18 an array of bytes has a hash for all to call, and bytes themselves have none.
  return `pg_catalog.hash_array_extended(ARRAY[pg_catalog.record_send(${content})], 0)`;
}

const textOf = (row: string) => `pg_catalog.textin(pg_catalog.record_out(${row}))`;
