import type { AuditItem } from '@yumops/protocol';
import type { Db, SqlValue } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';

/** Which entries of the audit log to read; times in milliseconds since the epoch. */
export interface AuditSelection {
  /** Exact name of who acted. */
  actor?: string | undefined;
  /** `noun.verb`, or `noun.` for all of a noun. */
  action?: string | undefined;
  target?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

/**
 * Reads the audit log, newest first.
 * @param page `cursor` is the `nextCursor` of the page before
 * @throws YumOpsError `invalid_cursor` (400)
 */
export async function listAudit(
  db: Db,
  selection: AuditSelection,
  page: { limit: number; cursor?: string | undefined },
): Promise<{ items: AuditItem[]; nextCursor: string | null }> {
  if (page.cursor !== undefined && !/^\d{1,18}$/.test(page.cursor)) {
    throw new YumOpsError('invalid_cursor', `"${page.cursor}" is no cursor of this list.`, { status: 400 });
  }
  const time = (at: number | undefined) => (at === undefined ? null : new Date(at));
  const values: SqlValue[] = [
    selection.actor ?? null,
    selection.action ?? null,
    selection.target ?? null,
    time(selection.from),
    time(selection.to),
    page.cursor ?? null,
    page.limit + 1,
  ];
  const rows = await db.query<Omit<AuditItem, 'at'> & { at: Date }>(
    `SELECT id::text AS id, at, actor, action, target, detail FROM audit_log
     WHERE ($1::text IS NULL OR actor = $1)
       AND ($2::text IS NULL OR action = $2 OR ($2 LIKE '%.' AND starts_with(action, $2)))
       AND ($3::text IS NULL OR target = $3)
       AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)
       AND ($6::bigint IS NULL OR audit_log.id < $6)
     ORDER BY audit_log.id DESC LIMIT $7`,
    values,
  );
  const shown = rows.slice(0, page.limit);
  return {
    items: shown.map((row) => ({ ...row, at: row.at.toISOString() })),
    nextCursor: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null,
  };
}
