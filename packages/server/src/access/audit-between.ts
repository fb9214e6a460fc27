import type { Queryable } from '../lib/db.ts';

/** A row of the audit log. */
export interface AuditRow {
  id: string;
  /** Ms since the epoch. */
  at: number;
  actor: string;
  action: string;
  target: string;
  detail: Record<string, unknown>;
}

/** What people and tokens did in `[from, to)` (ms since the epoch), oldest first. @param without beginnings of actions */
export async function auditBetween(
  db: Queryable,
  span: { from: number; to: number },
  without: readonly string[],
  limit: number,
): Promise<AuditRow[]> {
  const rows = await db.query<Omit<AuditRow, 'at'> & { at: Date }>(
    `SELECT id::text AS id, at, actor, action, target, detail FROM audit_log
     WHERE at >= $1 AND at < $2 AND NOT (action ^@ ANY ($3::text[])) ORDER BY at, id LIMIT $4`,
    [new Date(span.from), new Date(span.to), [...without], limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}
