import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { type BackupConnection, type BackupDatabase, quoteIdentifier } from '../database.ts';
import type { BackupManifest } from '../manifest.ts';
import { dumpsOf, partOf, readThrough } from '../objects.ts';
import { createDatabase, dumpMajor, type RestoreDeps, restoreInto } from './into-database.ts';
import { checkServer, connectToServer, type Mark, refuseSource, stateOfTarget, type TargetState } from './target.ts';

export interface RestorePlan {
  manifest: BackupManifest;
  target: BackupDatabase;
  /** Null when it is configured no more. */
  source: BackupDatabase | null;
  mark: Mark;
}

/** What a restore did. */
export interface RestoreReport {
  /** Name of the database that has the data now. */
  database: string;
  /** Name under which what was there before is kept; null = there was nothing. */
  kept: string | null;
  warnings: string[];
}

/**
 * Finds out what stands against a restore before anything is written: damage, a wrong key, missing programs or
 * extensions, an older server, the source itself as the target.
 * @returns what is at the target
 */
export async function preflight(deps: RestoreDeps, plan: RestorePlan): Promise<TargetState> {
  const { manifest, target, source, mark } = plan;
  const { repository, client, progress, signal } = deps;
  await client.forServer(dumpMajor(manifest));
  const parts = ['dump', 'roles', 'tables'].map((part) => partOf(manifest, part));
  await readThrough(repository, [...parts, ...dumpsOf(manifest).slice(1)], progress, signal);
  const state = await stateOfTarget(target);
  if (state !== 'missing') await refuseSource(manifest, source, target, mark);
  const server = await connectToServer(target);
  try {
    await checkServer(server, manifest);
  } finally {
    await server.close();
  }
  return state;
}

/**
 * Restores a whole database. A missing one is made; an empty one is filled; one that is used is replaced by a new one
 * when that is complete, and kept under another name.
 * @param confirmed whether somebody said yes to replacing what is there
 * @throws YumOpsError `restore_needs_yes`, and those of `preflight`; the target is then as it was
 */
export async function restoreDatabase(
  deps: RestoreDeps & { clock: Clock },
  plan: RestorePlan,
  confirmed: boolean,
): Promise<RestoreReport> {
  const { target, manifest } = plan;
  const state = await preflight(deps, plan);
  if (state === 'used' && manifest.schemas) {
    const names = manifest.schemas.join(', ');
    throw new YumOpsError('restore_partial', `The backup holds only ${names}, and "${target.catalog}" is not empty.`, {
      hint: 'Restore it to a new database, or a schema of it with --schema NAME. Nothing was changed.',
      status: 409,
    });
  }
  if (state === 'used' && !confirmed) {
    throw new YumOpsError('restore_needs_yes', `The database "${target.catalog}" is not empty.`, {
      hint: 'Say --yes: it is kept under another name, and a new one takes its place. Or restore to another database.',
      status: 409,
    });
  }
  if (state === 'empty') {
    const warnings = await restoreInto(deps, manifest, target, false);
    return { database: target.catalog, kept: null, warnings };
  }
  const server = await connectToServer(target);
  try {
    if (state === 'missing') {
      const warnings = await restoreNew(deps, plan, server, target);
      return { database: target.catalog, kept: null, warnings };
    }
    const time = stamp(deps.clock.now());
    const fresh = target.withCatalog(shortened(target.catalog, `_new_${time}`));
    const warnings = await restoreNew(deps, plan, server, fresh);
    const kept = shortened(target.catalog, `_before_${time}`);
    await swap(server, { current: target.catalog, fresh: fresh.catalog, kept });
    return { database: target.catalog, kept, warnings };
  } finally {
    await server.close();
  }
}

async function restoreNew(
  deps: RestoreDeps,
  { manifest }: RestorePlan,
  server: BackupConnection,
  database: BackupDatabase,
): Promise<string[]> {
  const different = await createDatabase(server, database.catalog, manifest.source);
  try {
    return [...different, ...(await restoreInto(deps, manifest, database, true))];
  } catch (error) {
    // The server may not have seen yet that a program was ended.
    await server.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database.catalog)} WITH (FORCE)`);
    throw error;
  }
}

/** Gives the new database the name of the current one. Who is connected to the current one is sent away. */
async function swap(
  server: BackupConnection,
  { current, fresh, kept }: { current: string; fresh: string; kept: string },
): Promise<void> {
  const rename = (from: string, to: string) =>
    `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`;
  await server.query(`ALTER DATABASE ${quoteIdentifier(current)} ALLOW_CONNECTIONS false`);
  try {
    await server.query(
      'SELECT pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [current],
    );
    await server.query(rename(current, kept));
  } catch (error) {
    await server.query(`ALTER DATABASE ${quoteIdentifier(current)} ALLOW_CONNECTIONS true`);
    throw error;
  }
  await server.query(rename(fresh, current));
  await server.query(`ALTER DATABASE ${quoteIdentifier(kept)} ALLOW_CONNECTIONS true`);
}

/** `20260105_030000` */
const stamp = (now: number) => new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');

/** Names have 63 bytes at most. */
function shortened(name: string, suffix: string): string {
  let start = name;
  while (Buffer.byteLength(start + suffix) > 63) start = start.slice(0, -1);
  return start + suffix;
}
