import type { MonitorState } from '@yumops/protocol';
import type { Queryable } from '../../../lib/db.ts';

/** A change of what a monitor was held to be. */
export interface StoredTransition {
  id: string;
  /** Ms since the epoch. */
  at: number;
  monitorId: string;
  monitor: string;
  from: MonitorState;
  to: MonitorState;
  reason: string | null;
}

/** The changes of all monitors in `[from, to)` (ms since the epoch), oldest first. */
export async function transitionsBetween(
  db: Queryable,
  from: number,
  to: number,
  limit: number,
): Promise<StoredTransition[]> {
  const rows = await db.query<Omit<StoredTransition, 'at'> & { at: Date }>(
    `SELECT e.id::text AS id, e.at, e.monitor_id AS "monitorId", coalesce(m.name, e.monitor_id) AS monitor,
       e.from_state AS "from", e.to_state AS "to", e.reason
     FROM monitor_events e LEFT JOIN monitors m ON m.id = e.monitor_id
     WHERE e.at >= $1 AND e.at < $2 ORDER BY e.at, e.id LIMIT $3`,
    [new Date(from), new Date(to), limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}
