import type { Db, Queryable } from '../../lib/db.ts';
import { type Migration, readMigrations, schemaFolder } from '../migrations/migration-files.ts';
import { type AppliedMigration, pendingMigrations } from '../migrations/pending.ts';

/** The advisory lock of migrations: 'YUMO' in ASCII. */
const LOCK = 0x59554d4f;

/**
 * Brings the state store to this release's schema, each file in a transaction of its own. Several processes may do
 * this at once. @returns the names of the files applied
 */
export async function migrateState(db: Db, folder = schemaFolder('state')): Promise<string[]> {
  const known = await readMigrations(folder);
  const done: string[] = [];
  for (let name = await applyNext(db, known); name !== undefined; name = await applyNext(db, known)) done.push(name);
  return done;
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
