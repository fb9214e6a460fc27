import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { VerificationFinding, VerificationLevel } from '../catalogue.ts';
import type { BackupConnection, BackupDatabase } from '../database.ts';
import type { Repository } from '../repository.ts';
import { checkIndexes, checkQueries } from '../verify/restored.ts';
import type { TrialResult } from '../verify/verify.ts';
import type { RecoveredServer, RecoveryServer } from './recovery-server.ts';
import { type RecoveredCluster, recoverCluster } from './restore.ts';

export interface TrialDeps {
  repository: Repository;
  server: RecoveryServer;
  clock: Clock;
  /** The way to a database of the restored copy. */
  connect: (url: string) => BackupDatabase;
  /** Queries that must give rows, in the database `catalog`. */
  smokeQueries: readonly string[];
  catalog: string | null;
  /** A path on a file system with room for the copy. */
  near: string;
  progress: (done: number, total: number | null, what: string) => void;
  /** Ends the trial. */
  signal?: AbortSignal | undefined;
}

/** Errors that say that there is nothing to be had from the backup; every other is a failure of the trial itself. */
const ABOUT_COPY = new Set([
  'backup_damaged',
  'backup_key_wrong',
  'backup_parent_missing',
  'blob_missing',
  'nothing_to_restore',
  'postgres_start_failed',
]);

/** What a restored copy showed. */
export interface Trial extends TrialResult {
  /** The moment that was restored, milliseconds since the epoch; null when none was. */
  moment: number | null;
}

/**
 * Restores a base backup into a server of its own and looks at it: level 2 = it recovers and serves, 3 = every index
 * fits its table and every table can be read whole, 4 = the operator's queries give rows.
 * @param at a moment, undefined = the latest
 */
export async function tryPhysical(
  deps: TrialDeps,
  { baseId, at }: { baseId?: string | undefined; at?: string | undefined },
  level: VerificationLevel,
): Promise<Trial> {
  const { repository, server, clock, progress, signal, near } = deps;
  let cluster: RecoveredCluster;
  try {
    const report = (what: string, done: number, total: number) => progress(done, total, what);
    cluster = await recoverCluster({ repository, server, clock, at, baseId, progress: report, signal }, near);
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (!ABOUT_COPY.has(code)) throw error;
    const named = code === 'postgres_start_failed' ? 'restore_failed' : code;
    const finding = { code: named, object: baseId ?? repository.folder, message: messageOf(error) };
    return { findings: [finding], evidence: {}, phases: {}, moment: null };
  }
  const since = clock.monotonic();
  const evidence: Record<string, unknown> = {
    base: cluster.base.id,
    moment: cluster.moment,
    server: cluster.base.facts.server.version,
    warnings: cluster.warnings,
  };
  try {
    const findings = level >= 3 ? await lookInto(deps, cluster, level, evidence) : [];
    const phases = { ...cluster.phases, check: clock.monotonic() - since };
    return { findings, evidence, phases: rounded(phases), moment: cluster.momentAt };
  } finally {
    await cluster.server.stop();
    await cluster.place.discard();
  }
}

function rounded(phases: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(phases).map(([phase, ms]) => [phase, Math.round(ms)]));
}

async function lookInto(
  { connect, catalog, smokeQueries, signal }: TrialDeps,
  cluster: RecoveredCluster,
  level: VerificationLevel,
  evidence: Record<string, unknown>,
): Promise<VerificationFinding[]> {
  const findings: VerificationFinding[] = [];
  const counts = { databases: 0, tables: 0, rows: 0, indexes: 0 };
  for (const { name } of cluster.base.facts.server.databases) {
    const connection = await connectTo(connect, cluster.server, cluster, name);
    try {
      const tables = await readAll(connection, name, findings, signal);
      const indexes = await checkIndexes(connection);
      findings.push(...(indexes?.findings ?? []));
      counts.databases++;
      counts.tables += tables.count;
      counts.rows += tables.rows;
      counts.indexes += indexes?.checked ?? 0;
      if (level >= 4 && name === catalog) findings.push(...(await checkQueries(connection, smokeQueries)));
    } finally {
      await connection.close();
    }
  }
  Object.assign(evidence, counts);
  return findings;
}

function connectTo(
  connect: TrialDeps['connect'],
  server: RecoveredServer,
  { base }: RecoveredCluster,
  name: string,
): Promise<BackupConnection> {
  return connect(server.url(base.facts.server.superuser, name)).connect();
}

/** Reads every row of every table: each page is checked against its sum on the way. */
async function readAll(
  connection: BackupConnection,
  database: string,
  findings: VerificationFinding[],
  signal: AbortSignal | undefined,
): Promise<{ count: number; rows: number }> {
  const tables = await connection.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND n.nspname !~ '^pg_toast' ORDER BY 1`,
  );
  let rows = 0;
  for (const { name } of tables) {
    signal?.throwIfAborted();
    try {
      const [found] = await connection.query<{ rows: string }>(
        `SELECT count(t.*::text)::text AS rows FROM ONLY ${name} t`,
      );
      rows += Number(found?.rows ?? 0);
    } catch (error) {
      findings.push({
        code: 'table_damaged',
        object: `${database}: ${name}`,
        message: `${name} of ${database} cannot be read: ${messageOf(error)}`,
      });
    }
  }
  return { count: tables.length, rows };
}
