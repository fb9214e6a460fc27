import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { type BackupConnection, type BackupDatabase, quoteIdentifier } from '../database.ts';
import type { BackupManifest } from '../manifest.ts';
import { dumpsOf, partOf, readThrough } from '../objects.ts';
import { createDatabase, dumpMajor, type RestoreDeps, restoreInto } from './into-database.ts';
import { dropUnfilled, holdName, markAsOurs, shortened, sweepLeft } from './left-databases.ts';
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
    const { catalog } = target;
    const time = stamp(deps.clock.now());
    const warnings = await sweepLeft(server, catalog);
    const fresh = target.withCatalog(shortened(catalog, `_new_${time}`));
    const kept = state === 'missing' ? null : shortened(catalog, `_before_${time}`);
    warnings.push(...(await restoreNew(deps, plan, server, { fresh, kept })));
    return { database: catalog, kept, warnings };
  } finally {
    await server.close();
  }
}

/** Fills a new database, which gets the name of the target when it is complete: nobody finds it half filled. */
async function restoreNew(
  deps: RestoreDeps,
  { manifest, target }: RestorePlan,
  server: BackupConnection,
  { fresh, kept }: { fresh: BackupDatabase; kept: string | null },
): Promise<string[]> {
  const name = fresh.catalog;
  await holdName(server, name);
  const different = await createDatabase(server, name, manifest.source);
  try {
    await markAsOurs(server, name);
    const warnings = await restoreInto(deps, manifest, fresh, true);
    await putInPlace(server, { current: target.catalog, fresh: name, kept });
    return [...different, ...warnings];
  } catch (error) {
    await dropUnfilled(server, name, error, `The next restore to "${target.catalog}" drops it.`);
    throw error;
  }
}

/**
 * Gives the new database its name; what has it is kept under another. Who is connected to that is sent away. The names change together
 * or not at all.
 * @param kept null = nothing has the name
 */
async function putInPlace(
  server: BackupConnection,
  { current, fresh, kept }: { current: string; fresh: string; kept: string | null },
): Promise<void> {
  const alter = (name: string, what: string) => server.query(`ALTER DATABASE ${quoteIdentifier(name)} ${what}`);
  if (kept !== null) await alter(current, 'ALLOW_CONNECTIONS false');
  try {
    if (kept !== null) {
      await server.query(
        'SELECT pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
        [current],
      );
    }
    await server.query('BEGIN');
    await server.query(`COMMENT ON DATABASE ${quoteIdentifier(fresh)} IS NULL`);
    if (kept !== null) await alter(current, `RENAME TO ${quoteIdentifier(kept)}`);
    await alter(fresh, `RENAME TO ${quoteIdentifier(current)}`);
    if (kept !== null) await alter(kept, 'ALLOW_CONNECTIONS true');
    await server.query('COMMIT');
  } catch (error) {
    await server.query('ROLLBACK');
    if (kept !== null) await alter(current, 'ALLOW_CONNECTIONS true');
    throw error;
  }
}

/** `20260105_030000` */
/** `20260105_030000_123`: with milliseconds, as two restores to one name may be asked for within a second. */
const stamp = (now: number) => new Date(now).toISOString().slice(0, 23).replace(/[-:]/g, '').replace(/[T.]/g, '_');
