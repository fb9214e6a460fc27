import type { Db, Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { type Migration, readMigrations, schemaFolder } from '../migrations/migration-files.ts';
import { type AppliedMigration, pendingMigrations } from '../migrations/pending.ts';

/** `server_version_num` of PostgreSQL 15. */
const OLDEST = 150_000;

/** The advisory lock of migrations: 'YUMO' in ASCII. */
const LOCK = 0x59554d4f;

/**
 * Brings the state store to this release's schema, each file in a transaction of its own. Several processes may do
 * this at once. @returns the names of the files applied
 */
export async function migrateState(db: Db, folder = schemaFolder('state')): Promise<string[]> {
  await refuseOldServer(db);
  const known = await readMigrations(folder);
  const done: string[] = [];
  for (let name = await applyNext(db, known); name !== undefined; name = await applyNext(db, known)) done.push(name);
  return done;
}

/** Refuses a state store that a later release made. @throws YumOpsError `schema_newer`, `schema_changed` */
export async function checkReadable(db: Queryable): Promise<void> {
  pendingMigrations('state', await readMigrations(schemaFolder('state')), await appliedMigrations(db));
}

async function refuseOldServer(db: Db): Promise<void> {
  const [server] = await db.query<{ version: string; number: number }>(
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number",
  );
  if (!server || server.number >= OLDEST) return;
  throw new YumOpsError(
    'state_version',
    `The state store is PostgreSQL ${server.version}; version 15 or later is needed.`,
    {
      hint: 'Name a newer server in YUMOPS_STATE_URL, or leave it out to use the embedded one.',
    },
  );
}

function applyNext(db: Db, known: readonly Migration[]): Promise<string | undefined> {
  return db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const [next] = pendingMigrations('state', known, await appliedMigrations(tx));
    if (!next) return undefined;
    await tx.query(next.sql);
    await tx.query('INSERT INTO public.schema_migrations (number, name, checksum) VALUES ($1, $2, $3)', [
      next.number,
      next.name,
      next.checksum,
    ]);
    return next.name;
  });
}

async function appliedMigrations(tx: Queryable): Promise<AppliedMigration[]> {
  await tx.query(`CREATE TABLE IF NOT EXISTS public.schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
  return tx.query<AppliedMigration>('SELECT number, name, checksum FROM public.schema_migrations ORDER BY number');
}
