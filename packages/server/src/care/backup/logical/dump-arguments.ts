import type { DatabaseProfile } from '../../database/index.ts';
import { quoteIdentifier } from '../database.ts';
import type { SizedTable } from './rows.ts';

/**
 * Schemas that Supabase manages and that nobody can restore: its own state, and what its extensions bring. What users
 * have in `auth` and `storage` is kept.
 */
export const MANAGED_SCHEMAS: readonly string[] = [
  '_analytics',
  '_realtime',
  '_supavisor',
  'extensions',
  'graphql',
  'graphql_public',
  'net',
  'pgbouncer',
  'pgmq',
  'pgsodium',
  'pgsodium_masks',
  'realtime',
  'supabase_functions',
  'vault',
];

/** Schemas that the dump of a database leaves out. */
export function schemasLeftOut(profile: DatabaseProfile): readonly string[] {
  return profile === 'supabase' ? MANAGED_SCHEMAS : [];
}

/** Milliseconds that a backup waits for a lock on a table before it gives up. */
export const LOCK_WAIT = 60_000;

/**
 * Arguments of `pg_dump`: the archive format, one snapshot, no compression. It would compress in one thread; we do it in
 * several, and every byte is authenticated afterwards, so that no altered archive restores unnoticed.
 * @param schemas only these; null = all
 * @param elsewhere tables whose rows another `pg_dump` of the same moment writes
 */
export function dumpArguments(
  profile: DatabaseProfile,
  snapshot: string,
  schemas: readonly string[] | null,
  elsewhere: readonly TableName[],
): string[] {
  return [
    ...commonArguments(snapshot),
    ...(schemas === null ? [] : ['--strict-names']),
    ...(schemas ?? []).map((schema) => `--schema=${quoteIdentifier(schema)}`),
    ...schemasLeftOut(profile).map((schema) => `--exclude-schema=${schema}`),
    ...elsewhere.map((table) => `--exclude-table-data=${nameOf(table)}`),
  ];
}

/** Arguments of a `pg_dump` of the rows of these tables and of nothing else. Each of them must be there. */
export function rowsArguments(snapshot: string, tables: readonly TableName[]): string[] {
  const names = tables.map((table) => `--table=${nameOf(table)}`);
  return [...commonArguments(snapshot), '--data-only', '--strict-names', ...names];
}

type TableName = Pick<SizedTable, 'schema' | 'name'>;

/** In quotes a name is no pattern. */
const nameOf = ({ schema, name }: TableName) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;

function commonArguments(snapshot: string): string[] {
  return [
    '--format=custom',
    '--compress=0',
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${LOCK_WAIT}`,
    '--no-password',
  ];
}
