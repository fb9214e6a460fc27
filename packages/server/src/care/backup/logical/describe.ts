import { messageOf } from '../../../lib/errors.ts';
import type { BackupConnection } from '../database.ts';
import type { BackupSource } from '../manifest.ts';

interface DescriptionRow {
  catalog: string;
  version: string;
  version_number: string;
  encoding: string;
  collation: string;
  extensions: { name: string; version: string; schema: string }[] | null;
}

const DESCRIPTION = `
  SELECT current_database() AS catalog,
         current_setting('server_version') AS version,
         current_setting('server_version_num') AS version_number,
         pg_encoding_to_char(d.encoding) AS encoding,
         d.datcollate AS collation,
         (SELECT json_agg(json_build_object('name', e.extname, 'version', e.extversion, 'schema', n.nspname)
                          ORDER BY e.extname)
            FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace) AS extensions
    FROM pg_catalog.pg_database d WHERE d.datname = current_database()`;

/**
 * What kind of server and database this is.
 * @param database its name under `databases:`
 */
export async function describeSource(connection: BackupConnection, database: string): Promise<BackupSource> {
  const [row] = await connection.query<DescriptionRow>(DESCRIPTION);
  if (!row) throw new Error('the database does not know itself');
  const identity = await optional(connection, 'SELECT system_identifier::text AS value FROM pg_control_system()');
  const collationVersion = await optional(
    connection,
    `SELECT pg_catalog.pg_collation_actual_version(oid) AS value FROM pg_catalog.pg_collation WHERE collname = 'default'`,
  );
  return {
    database,
    catalog: row.catalog,
    serverVersion: row.version.split(' ')[0] ?? row.version,
    serverMajor: Math.floor(Number(row.version_number) / 10_000),
    systemIdentifier: identity,
    encoding: row.encoding,
    collation: row.collation,
    collationVersion,
    extensions: row.extensions ?? [],
  };
}

/** The value of a question that not every role may ask. */
async function optional(connection: BackupConnection, sql: string): Promise<string | null> {
  await connection.query('SAVEPOINT optional').catch(() => undefined);
  try {
    const [row] = await connection.query<{ value: string | null }>(sql);
    await connection.query('RELEASE SAVEPOINT optional').catch(() => undefined);
    return row?.value ?? null;
  } catch (error) {
    if (!/permission denied|does not exist/.test(messageOf(error))) throw error;
    await connection.query('ROLLBACK TO SAVEPOINT optional; RELEASE SAVEPOINT optional').catch(() => undefined);
    return null;
  }
}
