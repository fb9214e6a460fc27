import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import { type BackupConnection, type BackupDatabase, quoteIdentifier } from '../database.ts';
import type { BackupManifest } from '../manifest.ts';

/** What is at the address that is restored to. */
export type TargetState = 'missing' | 'empty' | 'used';

/** Two numbers that nobody else takes as an advisory lock at the same moment. */
export type Mark = readonly [number, number];

/** Databases from which others are made. */
const MAINTENANCE = ['postgres', 'template1'];

/** A connection to the server of a database that may not exist yet. @throws what the last attempt threw */
export async function connectToServer(database: BackupDatabase): Promise<BackupConnection> {
  let failure: unknown;
  for (const catalog of MAINTENANCE) {
    try {
      return await database.connect(catalog);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Objects of users: none in a new database. */
const USED = `
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    UNION ALL
    SELECT FROM pg_catalog.pg_namespace n
     WHERE n.nspname NOT IN ('public', 'information_schema') AND n.nspname !~ '^pg_'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
  ) AS used`;

/** Whether the database exists and has anything of users in it. */
export async function stateOfTarget(database: BackupDatabase): Promise<TargetState> {
  const server = await connectToServer(database);
  try {
    const { catalog } = database;
    const [row] = await server.query<{ open: boolean }>(
      'SELECT datallowconn AS open FROM pg_catalog.pg_database WHERE datname = $1',
      [catalog],
    );
    if (!row) return 'missing';
    if (!row.open) throw closedTarget(catalog);
  } finally {
    await server.close();
  }
  const connection = await database.connect();
  try {
    const [row] = await connection.query<{ used: boolean }>(USED);
    return row?.used ? 'used' : 'empty';
  } finally {
    await connection.close();
  }
}

/** Somebody closed it; or a restore did, that was killed before it gave it another name. */
function closedTarget(catalog: string): YumOpsError {
  return new YumOpsError('restore_target_closed', `The database "${catalog}" takes no connections.`, {
    hint: `If a restore was killed just before its end: ALTER DATABASE ${quoteIdentifier(catalog)} ALLOW_CONNECTIONS true`,
    status: 409,
  });
}

/**
 * Refuses to restore into the database that was backed up, under whatever host, user or name of it. A lock that is
 * taken in the source shows in the target when both are one; two servers of one origin (a restored copy) have the
 * same identity and are told apart so.
 * @param source null when it is configured no more
 * @param mark two random numbers
 * @throws YumOpsError `restore_into_source`
 */
export async function refuseSource(
  manifest: BackupManifest,
  source: BackupDatabase | null,
  target: BackupDatabase,
  mark: Mark,
): Promise<void> {
  const connection = await target.connect();
  try {
    const verdict = await compare(source, connection, mark);
    if (verdict === 'other') return;
    if (verdict === 'same' || (await hasIdentityOf(manifest, connection))) {
      throw new YumOpsError(
        'restore_into_source',
        `"${target.catalog}" is the database that was backed up; nothing is restored into it.`,
        { hint: 'Restore to a new database, check it, and let the application use that one.', status: 409 },
      );
    }
  } finally {
    await connection.close();
  }
}

async function compare(
  source: BackupDatabase | null,
  target: BackupConnection,
  [high, low]: Mark,
): Promise<'same' | 'other' | 'unknown'> {
  if (!source) return 'unknown';
  let connection: BackupConnection;
  try {
    connection = await source.connect();
  } catch (error) {
    // A source that is lost is the usual reason for a restore.
    if (codeOf(error) !== undefined) return 'unknown';
    throw error;
  }
  try {
    await connection.query('SELECT pg_advisory_lock($1::int, $2::int)', [high, low]);
    const rows = await target.query(
      `SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid AND d.datname = current_database()`,
      [high, low],
    );
    return rows.length > 0 ? 'same' : 'other';
  } finally {
    await connection.close();
  }
}

/** Without a look at the source: the same cluster by its identity, and the same name. In doubt they are one. */
async function hasIdentityOf({ source }: BackupManifest, target: BackupConnection): Promise<boolean> {
  const [row] = await target.query<{ catalog: string }>('SELECT current_database()::text AS catalog');
  if (!source || row?.catalog !== source.catalog || source.systemIdentifier === null) return false;
  try {
    const [control] = await target.query<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    return control?.id === source.systemIdentifier;
  } catch (error) {
    if (/permission denied/.test(messageOf(error))) return true;
    throw error;
  }
}

/**
 * Compares what the backup needs with what the server has.
 * @throws YumOpsError `restore_version`, `restore_extension_missing`
 */
export async function checkServer(connection: BackupConnection, { source, schemas }: BackupManifest): Promise<void> {
  if (!source) return;
  const [row] = await connection.query<{ number: string }>("SELECT current_setting('server_version_num') AS number");
  const major = Math.floor(Number(row?.number) / 10_000);
  if (major < source.serverMajor) {
    throw new YumOpsError(
      'restore_version',
      `The backup is of PostgreSQL ${source.serverMajor}, the target is ${major}.`,
      { hint: `Restore to PostgreSQL ${source.serverMajor} or newer.`, status: 409 },
    );
  }
  // Those of the whole database: chosen schemas may need none of them, and one that does fails by its name.
  const missing = schemas ? [] : await missingExtensions(connection, source.extensions);
  if (missing.length === 0) return;
  throw new YumOpsError('restore_extension_missing', `The target lacks the extensions ${missing.join(', ')}.`, {
    hint: 'Install their packages on the server of the target.',
    status: 409,
  });
}

/** Names of extensions that the server could not create. */
export async function missingExtensions(
  connection: BackupConnection,
  extensions: readonly { name: string }[],
): Promise<string[]> {
  const rows = await connection.query<{ name: string }>(
    'SELECT name::text AS name FROM pg_catalog.pg_available_extensions',
  );
  const available = new Set(rows.map(({ name }) => name));
  return extensions.map(({ name }) => name).filter((name) => !available.has(name));
}
