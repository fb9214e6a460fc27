import type { DatabaseProfile } from '../../database/index.ts';
import { quoteIdentifier } from '../database.ts';

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

/** Milliseconds that a dump waits for a lock on a table before it gives up. */
const LOCK_WAIT = 60_000;

/**
 * Arguments of `pg_dump`: the archive format, one snapshot, no compression. It would compress in one thread; we do it in
 * several, and every byte is authenticated afterwards, so that no altered archive restores unnoticed.
 * @param schemas only these; null = all
 */
export function dumpArguments(profile: DatabaseProfile, snapshot: string, schemas: readonly string[] | null): string[] {
  return [
    '--format=custom',
    '--compress=0',
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${LOCK_WAIT}`,
    '--no-password',
    // In quotes a name is no pattern.
    ...(schemas ?? []).map((schema) => `--schema=${quoteIdentifier(schema)}`),
    ...schemasLeftOut(profile).map((schema) => `--exclude-schema=${schema}`),
  ];
}
