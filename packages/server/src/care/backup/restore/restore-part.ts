import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import { type BackupConnection, quoteIdentifier } from '../database.ts';
import { restoreRoles } from '../logical/roles.ts';
import { readClusterRecord, readDump } from '../objects.ts';
import { makeExtensions } from './extensions.ts';
import { createDatabase, dumpMajor, isSuperuser, type RestoreDeps, reportOf } from './into-database.ts';
import { dropUnfilled } from './left-databases.ts';
import { preflight, type RestorePlan, type RestoreReport } from './restore-database.ts';
import { connectToServer } from './target.ts';
import { restoreTies } from './ties.ts';

/** SQLSTATE of what cannot be dropped since something depends on it. */
const DEPENDENT_OBJECTS = '2BP01';

export type PartReport = RestoreReport & { rows: number };

/** Lines of an archive's contents: what makes a part, and what ties it to others. */
export interface PartLines {
  body: string[];
  ties: string[];
  rows: number;
  /** How many tables it has by the record of the backup. */
  tables: number;
}

/** A part of a database that is restored by itself. */
export interface RestoredPart {
  noun: 'table' | 'schema';
  /** @param contents gives the lines of the archive, all or those that `pg_restore` finds by these arguments */
  choose(contents: (args?: readonly string[]) => Promise<string[]>): Promise<PartLines>;
  /** Moves what has its name out of the way, into or under a schema named `kept`, and makes the place for it; all of that or nothing. */
  makeRoom(connection: BackupConnection, kept: string): Promise<Room>;
}

/** The place for a part. */
export interface Room {
  /** Where what had its name is now; null = nothing was there. */
  kept: string | null;
  /** Puts back what was moved, and drops what was made, while nothing of the part is there. */
  undo(connection: BackupConnection): Promise<void>;
}

/**
 * Restores a part of a database; the rest of the target is left as it is, and what had the name of the part is kept.
 * @param confirmed whether somebody said yes to writing into a database that is not empty
 */
export async function restorePart(
  deps: RestoreDeps & { clock: Clock },
  plan: RestorePlan,
  part: RestoredPart,
  confirmed: boolean,
): Promise<PartReport> {
  const { manifest, target } = plan;
  const state = await preflight(deps, plan);
  if (state === 'used' && !confirmed) {
    throw new YumOpsError('restore_needs_yes', `The database "${target.catalog}" is not empty.`, {
      hint: `Say --yes: a ${part.noun} of the same name is kept under another. Or restore to another database.`,
      status: 409,
    });
  }
  if (state === 'used') return fill(deps, plan, part);
  if (state === 'empty') return fillNew(deps, plan, part);
  const server = await connectToServer(target);
  try {
    await createDatabase(server, target.catalog, manifest.source);
    try {
      return await fillNew(deps, plan, part);
    } catch (error) {
      const drop = `DROP DATABASE ${quoteIdentifier(target.catalog)}`;
      await dropUnfilled(server, target.catalog, error, `Before the next restore to it: ${drop}`);
      throw error;
    }
  } finally {
    await server.close();
  }
}

/** A part may need the extensions of the whole; what cannot be made is named. */
async function fillNew(
  deps: RestoreDeps & { clock: Clock },
  plan: RestorePlan,
  part: RestoredPart,
): Promise<PartReport> {
  const warnings = await makeExtensions(plan.target, plan.manifest.source?.extensions ?? []);
  const report = await fill(deps, plan, part);
  return { ...report, warnings: [...warnings, ...report.warnings] };
}

async function fill(deps: RestoreDeps & { clock: Clock }, plan: RestorePlan, part: RestoredPart): Promise<PartReport> {
  const { manifest, target } = plan;
  const { repository, client, progress, signal, clock } = deps;
  const programs = await client.forServer(dumpMajor(manifest));
  const contents = (args?: readonly string[]) => client.contents(programs, readDump(repository, manifest), args);
  const { body, ties, rows, tables } = await part.choose(contents);
  if (tables > 0 && !body.some((line) => /^\d+; \d+ \d+ TABLE /.test(line))) throw unnamed(manifest, part);
  const name = `before_${new Date(clock.now()).toISOString().replace(/\D/g, '')}`;
  const { room, all, warnings } = await makeRoom(deps, plan, part, name);
  const { kept } = room;
  const args = ['--no-password', `--dbname=${target.catalog}`, '--single-transaction'];
  if (!all) args.push('--no-owner', '--no-privileges');
  const restore = (only: readonly string[]) => {
    const input = readDump(repository, manifest, reportOf(manifest, progress));
    return client.restore(programs, target, { args, only, input, signal });
  };
  try {
    await restore(body);
  } catch (error) {
    await undo(plan, room, error);
    throw error;
  }
  try {
    warnings.push(...(await restoreTies(ties, restore)));
  } catch (error) {
    throw withoutTies(error, part, kept);
  }
  return { database: target.catalog, kept, warnings, rows };
}

/** @throws YumOpsError why the part was not restored, with why what was moved or made for it stays */
async function undo(plan: RestorePlan, room: Room, error: unknown): Promise<void> {
  try {
    await withConnection(plan, (connection) => room.undo(connection));
  } catch (left) {
    const where = room.kept === null ? 'what was made for it' : `what stood there is ${room.kept} now, and`;
    const message = `${messageOf(error)} Nor could all be put back, ${where} stays: ${messageOf(left)}`;
    const hint = 'Move it back by hand, or restore again.';
    throw new YumOpsError(codeOf(error) ?? 'restore_failed', message, { hint, status: 409, cause: error });
  }
}

/** The part is there and complete by then, and what ties it to others is not. */
function withoutTies(error: unknown, { noun }: RestoredPart, kept: string | null): YumOpsError {
  const before = kept === null ? '' : ` What stood there is kept as ${kept}.`;
  const message = `${messageOf(error)} The ${noun} was restored, without what ties it to others.${before}`;
  const hint = 'Restore it again for keys, triggers and policies.';
  return new YumOpsError(codeOf(error) ?? 'restore_failed', message, { hint, status: 409, cause: error });
}

/** `pg_restore` lists names as the database wrote them, and knows a schema by those bytes. */
function unnamed({ source }: RestorePlan['manifest'], { noun }: RestoredPart): YumOpsError {
  const message = `The ${noun} is not found in the dump, which writes names in ${source?.encoding ?? 'another encoding'}.`;
  return new YumOpsError(`backup_${noun}_unknown`, message, {
    hint: `Restore the whole database to a new one, and take the ${noun} from there. Nothing was changed.`,
    status: 409,
  });
}

/** Makes roles, and the place of the part. */
function makeRoom({ repository }: RestoreDeps, plan: RestorePlan, part: RestoredPart, name: string) {
  return withConnection(plan, async (connection) => {
    const all = await isSuperuser(connection);
    const cluster = await readClusterRecord(repository, plan.manifest);
    const warnings = all ? await restoreRoles(connection, cluster) : ['owner and privileges were left out'];
    return { room: await part.makeRoom(connection, name), all, warnings };
  });
}

async function withConnection<Result>(
  { target }: RestorePlan,
  work: (connection: BackupConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await target.connect();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Drops a schema that was made for a part; where somebody has put something into it meanwhile it stays. */
export async function dropEmpty(connection: BackupConnection, schema: string): Promise<void> {
  await connection.query(`DROP SCHEMA ${quoteIdentifier(schema)}`).catch((error: unknown) => {
    if (codeOf(error) !== DEPENDENT_OBJECTS) throw error;
  });
}
