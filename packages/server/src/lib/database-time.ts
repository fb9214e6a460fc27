import type { Queryable } from './db.ts';

/** The clock that all instances on one state store share, whole milliseconds since the epoch. */
export async function databaseNow(db: Queryable): Promise<number> {
  const [row] = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  if (!row) throw new Error('The database did not tell its time.');
  return row.now.getTime();
}
