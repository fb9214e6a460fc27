import { YumOpsError } from '../../../lib/errors.ts';
import { nearest } from '../../../lib/nearest.ts';
import type { BackupConnection } from '../database.ts';

/**
 * A backup of schemas holds each of them, or fails: one that was renamed would be missed when it is needed.
 * @param names null = all, whatever there is
 * @param leftOut schemas that the profile leaves to the host
 * @throws YumOpsError `backup_schema_missing`, `backup_schema_left_out`
 */
export async function refuseMissingSchemas(
  connection: BackupConnection,
  database: string,
  names: readonly string[] | null,
  leftOut: readonly string[],
): Promise<void> {
  if (names === null) return;
  const managed = names.filter((name) => leftOut.includes(name));
  if (managed.length > 0) {
    const message = `The schema ${managed.join(', ')} of "${database}" is managed by its host, and no backup of this profile holds it.`;
    throw new YumOpsError('backup_schema_left_out', message, {
      hint: 'Take it out of `schemas` of the backup in yumops.yml.',
      status: 409,
    });
  }
  const rows = await connection.query<{ name: string }>('SELECT nspname::text AS name FROM pg_catalog.pg_namespace');
  const there = rows.map(({ name }) => name);
  const missing = names.filter((name) => !there.includes(name));
  if (missing.length === 0) return;
  const own = there.filter((name) => name !== 'information_schema' && !name.startsWith('pg_'));
  const near = nearest(missing[0] as string, there);
  throw new YumOpsError('backup_schema_missing', `The database "${database}" has no schema ${missing.join(', ')}.`, {
    hint: near === undefined ? `It has ${own.join(', ')}.` : `Did you mean ${near}?`,
    status: 409,
  });
}
