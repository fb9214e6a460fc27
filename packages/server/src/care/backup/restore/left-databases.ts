import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import { type BackupConnection, NEVER_TOO_IDLE, quoteIdentifier, quoteText } from '../database.ts';

/** The first number of the advisory lock that a restore holds for as long as it fills a database; `yumr` in hexadecimal. */
const RESTORE_LOCK = 0x79_75_6d_72;
/** Stands as the comment of a database until it is complete. */
const MARK = 'A restore of YumOps fills it. Where that was killed, the next restore to the same name drops it.';
/** What its name ends with: `_new_20260105_030000_123`, before without the milliseconds. */
const SUFFIX = /_new_\d{8}_\d{6}(?:_\d{3})?$/;

/** Names have 63 bytes at most. */
export function shortened(name: string, suffix: string): string {
  let start = name;
  while (Buffer.byteLength(start + suffix) > 63) start = start.slice(0, -1);
  return start + suffix;
}

/** Shows to other restores, for as long as the connection is there, that a database of this name is being filled. */
export async function holdName(server: BackupConnection, name: string): Promise<void> {
  await server.query(NEVER_TOO_IDLE);
  await server.query(`SELECT pg_advisory_lock(${RESTORE_LOCK}, hashtext($1))`, [name]);
}

export async function markAsOurs(server: BackupConnection, name: string): Promise<void> {
  await server.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteText(MARK)}`);
}

/**
 * Drops what restores to a name that were killed left on the server. A database that has such a name and is not surely theirs is
 * told of and stays.
 * @param catalog the name that was restored to
 * @returns what was found, in sentences
 */
export async function sweepLeft(server: BackupConnection, catalog: string): Promise<string[]> {
  const rows = await server.query<{ name: string; comment: string | null }>(
    `SELECT datname::text AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment
       FROM pg_catalog.pg_database WHERE datname ~ '_new_[0-9]{8}_[0-9]{6}(_[0-9]{3})?$' ORDER BY datname`,
  );
  const told: string[] = [];
  for (const { name, comment } of rows) {
    if (name !== shortened(catalog, SUFFIX.exec(name)?.[0] ?? '')) continue;
    const drop = `DROP DATABASE ${quoteIdentifier(name)}`;
    if (comment === MARK) told.push(...(await dropUnheld(server, name, drop)));
    else told.push(`the database ${name} may be of a restore that was killed; where nobody needs it: ${drop}`);
  }
  return told;
}

async function dropUnheld(server: BackupConnection, name: string, drop: string): Promise<string[]> {
  const lock = `${RESTORE_LOCK}, hashtext($1)`;
  const [row] = await server.query<{ free: boolean }>(`SELECT pg_try_advisory_lock(${lock}) AS free`, [name]);
  if (!row?.free) return [];
  try {
    // Programs of the one that was killed may still be there.
    await server.query(`${drop} WITH (FORCE)`);
    return [`${name}, which a restore that was killed had left, was dropped`];
  } catch (error) {
    return [`${name}, which a restore that was killed had left, could not be dropped: ${messageOf(error)}`];
  } finally {
    await server.query(`SELECT pg_advisory_unlock(${lock})`, [name]);
  }
}

/**
 * Drops a new database that could not be filled, whoever is connected to it.
 * @param error why it could not
 * @param hint what to do where it stays
 * @throws YumOpsError that error with why it stays too
 */
export async function dropUnfilled(
  server: BackupConnection,
  name: string,
  error: unknown,
  hint: string,
): Promise<void> {
  // The server may not have seen yet that a program was ended.
  const dropping = server.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
  await dropping.catch((left: unknown) => {
    const message = `${messageOf(error)} Nor could the new database "${name}" be dropped: ${messageOf(left)}`;
    throw new YumOpsError(codeOf(error) ?? 'restore_failed', message, { hint, status: 409, cause: error });
  });
}
