import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { VerificationFinding } from '../catalogue.ts';
import { type BackupConnection, type BackupDatabase, quoteIdentifier } from '../database.ts';
import { recount, type TableRecord } from '../logical/rows.ts';
import type { BackupManifest } from '../manifest.ts';
import { createDatabase, type RestoreDeps, restoreInto } from '../restore/into-database.ts';
import { connectToServer, missingExtensions } from '../restore/target.ts';

/** A server that exists for one trial. Implemented in `main`. */
export interface ScratchServer {
  database: BackupDatabase;
  /** As the server says it. */
  version: string;
  stop(): Promise<void>;
}

/** Where trial restores go: never a server that anybody uses. */
export interface ScratchServers {
  /**
   * Starts an empty server that takes dumps of this major version.
   * @throws YumOpsError `postgres_missing`
   */
  start(major: number): Promise<ScratchServer>;
}

/** Level 2: the dump restores into an empty database. */
export async function checkRestores(
  deps: RestoreDeps,
  manifest: BackupManifest,
  database: BackupDatabase,
): Promise<{ findings: VerificationFinding[]; warnings: string[] }> {
  const server = await connectToServer(database);
  try {
    // As of a restore: chosen schemas may need none of the database's extensions.
    const needed = manifest.schemas ? [] : (manifest.source?.extensions ?? []);
    const missing = await missingExtensions(server, needed);
    if (missing.length > 0) {
      const findings = missing.map((name) => ({
        code: 'extension_missing',
        object: name,
        message: `The trial server lacks the extension ${name}: whether the backup restores is not known. Set scratch_url.`,
      }));
      return { findings, warnings: [] };
    }
    const different = await createDatabase(server, database.catalog, manifest.source);
    const warnings = await restoreInto(deps, manifest, database, true);
    return { findings: [], warnings: [...different, ...warnings] };
  } catch (error) {
    if (codeOf(error) !== 'restore_failed') throw error;
    return { findings: [{ code: 'restore_failed', object: 'dump', message: messageOf(error) }], warnings: [] };
  } finally {
    await server.close();
  }
}

/** Level 3: every table has the rows that it had, and every index fits its table. */
export async function checkRows(
  connection: BackupConnection,
  tables: readonly TableRecord[],
  onTable: (done: number, total: number) => void,
): Promise<VerificationFinding[]> {
  const findings: VerificationFinding[] = [];
  for (const [index, table] of tables.entries()) {
    const problem = await compareTable(connection, table);
    if (problem) findings.push(problem);
    onTable(index + 1, tables.length);
  }
  return findings;
}

async function compareTable(connection: BackupConnection, table: TableRecord): Promise<VerificationFinding | null> {
  const object = `${table.schema}.${table.name}`;
  await connection.query('BEGIN READ ONLY');
  try {
    const { rows, hash } = await recount(connection, table);
    if (rows !== table.rows) {
      return {
        code: 'rows_missing',
        object,
        message: `${object} has ${rows} rows where the source had ${table.rows}.`,
      };
    }
    if (hash === table.hash) return null;
    return { code: 'rows_differ', object, message: `${object} has as many rows as the source had, and not the same.` };
  } catch (error) {
    return { code: 'table_missing', object, message: `${object} cannot be read: ${messageOf(error)}` };
  } finally {
    await connection.query('ROLLBACK');
  }
}

/** Checks every B-tree index against its table with amcheck, where the server has it. @returns null where not */
export async function checkIndexes(
  connection: BackupConnection,
): Promise<{ checked: number; findings: VerificationFinding[] } | null> {
  if ((await missingExtensions(connection, [{ name: 'amcheck' }])).length > 0) return null;
  await connection.query('CREATE SCHEMA yumops_check; CREATE EXTENSION amcheck SCHEMA yumops_check');
  const indexes = await connection.query<{ oid: string; name: string }>(`
    SELECT c.oid::text AS oid, n.nspname || '.' || c.relname AS name
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_am a ON a.oid = c.relam JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE a.amname = 'btree' AND c.relpersistence = 'p' AND i.indisready AND i.indisvalid AND c.relkind = 'i'
       AND n.nspname !~ '^pg_'`);
  const findings: VerificationFinding[] = [];
  for (const { oid, name } of indexes) {
    try {
      await connection.query('SELECT yumops_check.bt_index_check($1::oid::regclass, true)', [oid]);
    } catch (error) {
      findings.push({ code: 'index_damaged', object: name, message: `The index ${name}: ${messageOf(error)}` });
    }
  }
  await connection.query('DROP EXTENSION amcheck; DROP SCHEMA yumops_check');
  return { checked: indexes.length, findings };
}

/** Level 4: queries of the operator's give rows. */
export async function checkQueries(
  connection: BackupConnection,
  queries: readonly string[],
): Promise<VerificationFinding[]> {
  const findings: VerificationFinding[] = [];
  for (const query of queries) {
    await connection.query('BEGIN READ ONLY');
    try {
      const rows = await connection.query(query);
      if (rows.length === 0)
        findings.push({ code: 'smoke_query', object: query, message: `"${query}" gives no rows.` });
    } catch (error) {
      findings.push({ code: 'smoke_query', object: query, message: `"${query}" fails: ${messageOf(error)}` });
    } finally {
      await connection.query('ROLLBACK');
    }
  }
  return findings;
}

/** Removes the database of a trial. */
export async function dropDatabase(database: BackupDatabase): Promise<void> {
  const server = await connectToServer(database);
  try {
    await server.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database.catalog)} WITH (FORCE)`);
  } finally {
    await server.close();
  }
}
