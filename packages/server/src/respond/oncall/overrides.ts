import type { Queryable } from '../../lib/db.ts';
import type { Shift } from './schedule.ts';

/** An override that was made at run time. */
export interface StoredOverride extends Shift {
  id: string;
  /** Name of the schedule. */
  schedule: string;
  /** The same for both halves of a swap, else null. */
  swap: string | null;
  createdBy: string;
}

interface OverrideRow {
  id: string;
  schedule: string;
  person: string;
  starts_at: Date;
  ends_at: Date;
  swap: string | null;
  created_by: string;
}

const COLUMNS = 'id::text, schedule, person, starts_at, ends_at, swap, created_by';

function fromRow(row: OverrideRow): StoredOverride {
  return {
    id: row.id,
    schedule: row.schedule,
    person: row.person,
    start: row.starts_at.getTime(),
    end: row.ends_at.getTime(),
    swap: row.swap,
    createdBy: row.created_by,
  };
}

/** Overrides that touch `[from, to)`, milliseconds since the epoch, in the order in which they were made. */
export async function readOverrides(db: Queryable, from: number, to: number): Promise<StoredOverride[]> {
  const rows = await db.query<OverrideRow>(
    `SELECT ${COLUMNS} FROM oncall_overrides WHERE ends_at > $1 AND starts_at < $2 ORDER BY oncall_overrides.id`,
    [new Date(from), new Date(to)],
  );
  return rows.map(fromRow);
}

/** Stores an override. */
export async function insertOverride(
  tx: Queryable,
  override: Shift & { schedule: string; swap: string | null },
  by: { actor: string; now: number },
): Promise<StoredOverride> {
  const [row] = await tx.query<OverrideRow>(
    `INSERT INTO oncall_overrides (schedule, person, starts_at, ends_at, swap, created_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
    [
      override.schedule,
      override.person,
      new Date(override.start),
      new Date(override.end),
      override.swap,
      by.actor,
      new Date(by.now),
    ],
  );
  return fromRow(row as OverrideRow);
}

/** Removes an override, and the other half where it is part of a swap. Returns what was removed. */
export async function deleteOverride(tx: Queryable, id: string): Promise<StoredOverride[]> {
  const rows = await tx.query<OverrideRow>(
    `DELETE FROM oncall_overrides
     WHERE id = $1 OR swap = (SELECT swap FROM oncall_overrides WHERE id = $1) RETURNING ${COLUMNS}`,
    [id],
  );
  return rows.map(fromRow);
}
