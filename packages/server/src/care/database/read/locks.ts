import type { MonitoredDatabase } from '../monitored-database.ts';
import { normaliseQuery } from '../normalise.ts';
import { LOCKS_SQL, type LockRow } from '../probes/locks.ts';

/** The sessions that wait for locks and those that hold them, their statements without values. */
export async function readLocks(db: MonitoredDatabase): Promise<LockRow[]> {
  const rows = await db.query<LockRow>(LOCKS_SQL);
  return rows.map((row) => ({ ...row, query: row.query === null ? null : normaliseQuery(row.query) }));
}
