import { messageOf } from '../../../lib/errors.ts';
import {
  type BackupConnection,
  type BackupDatabase,
  type PostgresClient,
  type ProgressReport,
  quoteIdentifier,
  quoteText,
} from '../database.ts';
import { restoreRoles, settingStatements } from '../logical/roles.ts';
import type { BackupManifest, BackupSource, ManifestObject } from '../manifest.ts';
import { partOf, readClusterRecord, readDump } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { prepareSchemas } from './chosen-schemas.ts';
import { prepareExtensions } from './extensions.ts';
import { restoreTies } from './ties.ts';

export interface RestoreDeps {
  repository: Repository;
  client: PostgresClient;
  progress: ProgressReport;
  signal: AbortSignal;
}

/** Major version of the program that wrote the dump: whoever reads it must not be older. */
export function dumpMajor({ client, source }: BackupManifest): number {
  return Number(/^pg_dump (\d+)/.exec(client ?? '')?.[1] ?? source?.serverMajor ?? 0);
}

/** Whether the connected role may do everything. */
export async function isSuperuser(connection: BackupConnection): Promise<boolean> {
  const [row] = await connection.query<{ super: boolean }>(
    'SELECT rolsuper AS super FROM pg_catalog.pg_roles WHERE rolname = current_user',
  );
  return row?.super ?? false;
}

/**
 * Makes an empty database as the source was. Where the server does not know its collation it gets the server's own.
 * @returns what is different, in sentences
 */
export async function createDatabase(
  connection: BackupConnection,
  name: string,
  source: BackupSource | null,
): Promise<string[]> {
  const create = `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0`;
  if (!source) {
    await connection.query(create);
    return [];
  }
  const encoding = ` ENCODING ${quoteText(source.encoding)}`;
  const collation = ` LC_COLLATE ${quoteText(source.collation)} LC_CTYPE ${quoteText(source.collation)}`;
  try {
    await connection.query(create + encoding + collation);
    return [];
  } catch (error) {
    if (!/locale|collat|LC_/i.test(messageOf(error))) throw error;
    await connection.query(`${create}${encoding} LC_COLLATE 'C' LC_CTYPE 'C'`);
    return [`the server does not know the collation ${source.collation}; the database sorts by bytes (C)`];
  }
}

/**
 * Restores roles and dump into an empty database: in one transaction, so that it stays empty when that fails.
 * @returns what is different from the source, in sentences
 * @throws YumOpsError `restore_failed`, and those of the repository
 */
export async function restoreInto(
  { repository, client, progress, signal }: RestoreDeps,
  manifest: BackupManifest,
  database: BackupDatabase,
): Promise<string[]> {
  const dump = partOf(manifest, 'dump');
  const programs = await client.forServer(dumpMajor(manifest));
  const cluster = await readClusterRecord(repository, manifest);
  const connection = await database.connect();
  const warnings: string[] = [];
  let all: boolean;
  try {
    all = await isSuperuser(connection);
    if (all) warnings.push(...(await restoreRoles(connection, cluster)));
    else warnings.push('roles, owners and privileges were left out: the role that restores is not a superuser');
    const head = `ALTER DATABASE ${quoteIdentifier(database.catalog)}`;
    for (const sql of settingStatements(head, cluster.databaseSettings)) {
      await connection.query(sql).catch((error: unknown) => warnings.push(`${sql}: ${messageOf(error)}`));
    }
  } finally {
    await connection.close();
  }
  const lines = await client.contents(programs, readDump(repository, dump));
  const args = ['--single-transaction', '--no-password', `--dbname=${database.catalog}`];
  const restore = (only: readonly string[] | undefined) =>
    client.restore(programs, database, {
      args: all ? args : [...args, '--no-owner', '--no-privileges'],
      ...(only === undefined ? {} : { only }),
      input: readDump(repository, dump, reportOf(dump, progress)),
      signal,
    });
  const { schemas = null, source } = manifest;
  if (schemas === null) {
    const { only, leftOut } = await prepareExtensions(database, { manifest, lines, all });
    await restore(only);
    return [...warnings, ...leftOut];
  }
  const chosen = await prepareSchemas(database, { schemas, extensions: source?.extensions ?? [], lines, all });
  await restore(chosen.body);
  return [...warnings, ...chosen.warnings, ...(await restoreTies(chosen.ties, restore))];
}

/** Reports how much of a dump was taken. */
export function reportOf({ plainBytes }: ManifestObject, progress: ProgressReport): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    progress(done, plainBytes, 'bytes restored');
  };
}
