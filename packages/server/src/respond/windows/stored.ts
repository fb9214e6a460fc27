import type { Queryable } from '../../lib/db.ts';
import type { Window, WindowKind, WindowScope, WindowTimes } from './window.ts';

interface WindowRow {
  id: string;
  name: string;
  kind: WindowKind;
  time_zone: string;
  times: WindowTimes;
  scope: WindowScope;
  reason: string;
  author: string;
  created_at: Date;
  ended_at: Date | null;
  ended_by: string | null;
}

const COLUMNS = 'id, name, kind, time_zone, times, scope, reason, author, created_at, ended_at, ended_by';

function fromRow(row: WindowRow): Window {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    timeZone: row.time_zone,
    times: row.times,
    scope: row.scope,
    reason: row.reason,
    author: row.author,
    createdAt: row.created_at.getTime(),
    endedAt: row.ended_at?.getTime() ?? null,
    endedBy: row.ended_by,
  };
}

/** Windows that were not over at `since`, ms since the epoch, newest first. */
export async function readWindows(db: Queryable, since: number): Promise<Window[]> {
  const rows = await db.query<WindowRow>(
    `SELECT ${COLUMNS} FROM planned_windows
     WHERE coalesce(ended_at, ends_at) IS NULL OR coalesce(ended_at, ends_at) > $1 ORDER BY created_at DESC, id`,
    [new Date(since)],
  );
  return rows.map(fromRow);
}

/** Stores a window, and forgets those that were over before `forgetBefore` (ms). */
export async function insertWindow(tx: Queryable, window: Window, forgetBefore: number): Promise<void> {
  const { times } = window;
  await tx.query('DELETE FROM planned_windows WHERE coalesce(ended_at, ends_at) < $1', [new Date(forgetBefore)]);
  await tx.query(
    `INSERT INTO planned_windows (id, name, kind, time_zone, times, scope, reason, author, created_at, ends_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      window.id,
      window.name,
      window.kind,
      window.timeZone,
      times,
      window.scope,
      window.reason,
      window.author,
      new Date(window.createdAt ?? 0),
      times.type === 'once' ? new Date(times.end) : null,
    ],
  );
}

/** Ends a window. @returns false when there is none of this id that is not over */
export async function endStored(tx: Queryable, id: string, by: string, now: number): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE planned_windows SET ended_at = $2, ended_by = $3
     WHERE id = $1 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2) RETURNING id`,
    [id, new Date(now), by],
  );
  return rows.length > 0;
}
