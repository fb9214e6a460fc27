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
import { freeConnections, LEFT_FREE, type Parallelism, usualJobs } from '../logical/split.ts';
import type { BackupManifest, BackupSource } from '../manifest.ts';
import { dumpsOf, readClusterRecord, readDump } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { prepareSchemas } from './chosen-schemas.ts';
import { prepareExtensions } from './extensions.ts';
import { restoreInJobs } from './in-jobs.ts';
import { restoreTies } from './ties.ts';

export interface RestoreDeps {
  repository: Repository;
  client: PostgresClient;
  progress: ProgressReport;
  signal: AbortSignal;
  parallelism: Parallelism;
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
 * Restores roles and dump into an empty database.
 * @param isNew whether the caller drops it when that fails. Then several programs may restore at once; else it is one transaction,
 *   and the database stays empty when it fails
 * @returns what is different from the source, in sentences
 * @throws YumOpsError `restore_failed`, and those of the repository
 */
export async function restoreInto(
  deps: RestoreDeps,
  manifest: BackupManifest,
  database: BackupDatabase,
  isNew: boolean,
): Promise<string[]> {
  const { repository, client, progress, signal } = deps;
  const programs = await client.forServer(dumpMajor(manifest));
  const { all, jobs, warnings } = await prepareDatabase(deps, manifest, database, isNew);
  const lines = await client.contents(programs, readDump(repository, manifest));
  const args = ['--no-password', `--dbname=${database.catalog}`, ...(all ? [] : ['--no-owner', '--no-privileges'])];
  const restore = (only: readonly string[] | undefined) =>
    client.restore(programs, database, {
      args: [...args, '--single-transaction'],
      ...(only === undefined ? {} : { only }),
      input: readDump(repository, manifest, reportOf(manifest, progress)),
      signal,
    });
  const restoreMost = (only: readonly string[] | undefined) =>
    jobs === 1
      ? restore(only)
      : restoreInJobs(deps, { manifest, programs, database, args: [...args, '--exit-on-error'], only, jobs });
  const { schemas = null, source } = manifest;
  if (schemas === null) {
    const { only, leftOut } = await prepareExtensions(database, { manifest, lines, all });
    await restoreMost(only);
    return [...warnings, ...leftOut];
  }
  const chosen = await prepareSchemas(database, { schemas, extensions: source?.extensions ?? [], lines, all });
  await restoreMost(chosen.body);
  return [...warnings, ...chosen.warnings, ...(await restoreTies(chosen.ties, restore))];
}

/** Makes roles and settings, and finds out how many programs may restore at once. */
async function prepareDatabase(
  { repository, parallelism }: RestoreDeps,
  manifest: BackupManifest,
  database: BackupDatabase,
  isNew: boolean,
): Promise<{ all: boolean; jobs: number; warnings: string[] }> {
  const cluster = await readClusterRecord(repository, manifest);
  const connection = await database.connect();
  const warnings: string[] = [];
  try {
    const all = await isSuperuser(connection);
    if (all) warnings.push(...(await restoreRoles(connection, cluster)));
    else warnings.push('roles, owners and privileges were left out: the role that restores is not a superuser');
    const head = `ALTER DATABASE ${quoteIdentifier(database.catalog)}`;
    for (const sql of settingStatements(head, cluster.databaseSettings)) {
      await connection.query(sql).catch((error: unknown) => warnings.push(`${sql}: ${messageOf(error)}`));
    }
    if (!isNew) return { all, jobs: 1, warnings };
    const { asked, cores } = parallelism;
    const wanted = asked ?? Math.min(usualJobs(cores), dumpsOf(manifest).length);
    const free = await freeConnections(connection);
    const jobs = Math.max(1, Math.min(wanted, free - LEFT_FREE));
    if (jobs < wanted)
      warnings.push(`${jobs} of ${wanted} jobs: the server has only ${Math.max(free, 0)} free connections`);
    return { all, jobs, warnings };
  } finally {
    await connection.close();
  }
}

/** Reports how much of a dump was taken. */
export function reportOf(manifest: BackupManifest, progress: ProgressReport): (bytes: number) => void {
  const total = dumpsOf(manifest).reduce((sum, { plainBytes }) => sum + plainBytes, 0);
  let done = 0;
  return (bytes) => {
    done = Math.min(done + bytes, total);
    progress(done, total, 'bytes restored');
  };
}
