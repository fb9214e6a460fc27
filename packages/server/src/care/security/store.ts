import { createHash } from 'node:crypto';
import type { Queryable } from '../../lib/db.ts';
import type { Withdrawal } from './detect/held.ts';
import { type Hit, identityOf, SEVERITY_OF } from './detection.ts';
import type { StoredRestriction } from './restriction.ts';

/** Who ends what should not have been. It pardons nobody: what was counted stands, and was judged again. */
const TAKEN_BACK = 'later sign-ins';

/** Events of one attack since the last write. */
export interface PendingDetection {
  hit: Hit;
  /** Of an attack that is not stored yet. */
  count: number;
  /** To be added to one that is. */
  more: number;
  firstAt: number;
  lastAt: number;
}

/** The id of an attack: the same for the same project, code and keys. */
export function detectionId(hit: Pick<Hit, 'project' | 'code' | 'keys'>): string {
  return createHash('sha256').update(identityOf(hit)).digest('hex').slice(0, 20);
}

/** Stores attacks. @returns the ids of those that are new */
export async function writeDetections(tx: Queryable, pending: readonly PendingDetection[]): Promise<string[]> {
  if (pending.length === 0) return [];
  const column = <T>(value: (item: PendingDetection) => T) => pending.map(value);
  const rows = await tx.query<{ id: string; fresh: boolean }>(
    `INSERT INTO security_detections AS d
       (id, project, code, severity, ip, network, account, count, first_at, last_at, evidence)
     SELECT id, project, code, severity, ip, network, account, count, first_at, last_at, evidence::jsonb
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
       $10::timestamptz[], $11::timestamptz[], $12::text[])
       AS t (id, project, code, severity, ip, network, account, count, first_at, last_at, evidence)
     ON CONFLICT (id) DO UPDATE SET
       count = d.count + ($9::bigint[])[array_position($1::text[], excluded.id)],
       last_at = greatest(d.last_at, excluded.last_at),
       first_at = least(d.first_at, excluded.first_at),
       evidence = excluded.evidence
     RETURNING id, (xmax = 0) AS fresh`,
    [
      column(({ hit }) => detectionId(hit)),
      column(({ hit }) => hit.project),
      column(({ hit }) => hit.code),
      column(({ hit }) => SEVERITY_OF[hit.code]),
      column(({ hit }) => hit.keys.ip),
      column(({ hit }) => hit.keys.network),
      column(({ hit }) => hit.keys.account),
      column(({ count }) => count),
      column(({ more }) => more),
      column(({ firstAt }) => new Date(firstAt)),
      column(({ lastAt }) => new Date(lastAt)),
      column(({ hit }) => JSON.stringify(hit.evidence)),
    ],
  );
  return rows.filter(({ fresh }) => fresh).map(({ id }) => id);
}

/** Ids of those attacks that are stored. */
export async function knownDetections(db: Queryable, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>('SELECT id FROM security_detections WHERE id = ANY($1::text[])', [ids]);
  return new Set(rows.map(({ id }) => id));
}

/**
 * Takes back an attack that was none, with what followed from it; where it was one, only what followed from it.
 * @returns what had followed and is ended
 */
export async function takeBack(
  tx: Queryable,
  { hit, since, whole }: Withdrawal,
  now: number,
): Promise<StoredRestriction[]> {
  const id = detectionId(hit);
  // What was found of the same address at another time stands.
  if (whole) await tx.query('DELETE FROM security_detections WHERE id = $1 AND first_at >= $2', [id, new Date(since)]);
  if (hit.restriction === null) return [];
  const { action, kind, value } = hit.restriction;
  const rows = await tx.query<RestrictionRow>(
    `UPDATE security_restrictions SET ended_at = $2, ended_by = '${TAKEN_BACK}'
     WHERE detection_id = $1 AND ended_at IS NULL AND author = 'detection'
       AND project = $3 AND action = $4 AND kind = $5 AND value = $6
     RETURNING ${RESTRICTION_COLUMNS}`,
    [id, new Date(now), hit.project, action, kind, value],
  );
  return rows.map(fromRow);
}

/** Ends what is over, so that its place is free. */
export async function expireRestrictions(tx: Queryable, now: number): Promise<void> {
  await tx.query(
    `UPDATE security_restrictions SET ended_at = until, ended_by = 'expiry' WHERE ended_at IS NULL AND until <= $1`,
    [new Date(now)],
  );
}

/** Sets a restriction, or prolongs the one that is in force. @returns its id, and whether it is new */
export async function writeRestriction(
  tx: Queryable,
  { id, project, action, kind, value, until, why, detectionId: detection, author, createdAt }: StoredRestriction,
): Promise<{ id: string; fresh: boolean }> {
  const [row] = await tx.query<{ id: string; fresh: boolean }>(
    `INSERT INTO security_restrictions AS r
       (id, project, action, kind, value, until, why, detection_id, author, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (project, action, kind, value) WHERE ended_at IS NULL DO UPDATE SET
       until = greatest(r.until, excluded.until), why = excluded.why
     RETURNING id, (xmax = 0) AS fresh`,
    [id, project, action, kind, value, new Date(until), why, detection, author, new Date(createdAt)],
  );
  return row as { id: string; fresh: boolean };
}

/** Ends a restriction. @returns what it was; undefined when none of this id is in force */
export async function endRestriction(
  tx: Queryable,
  id: string,
  by: string,
  now: number,
): Promise<StoredRestriction | undefined> {
  const rows = await tx.query<RestrictionRow>(
    `UPDATE security_restrictions SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at IS NULL AND until > $2
     RETURNING ${RESTRICTION_COLUMNS}`,
    [id, new Date(now), by],
  );
  return rows.map(fromRow)[0];
}

/** What was lifted before its time since an instant, oldest first. @param since ms since the epoch */
export async function readLifted(
  db: Queryable,
  since: number,
): Promise<{ id: string; project: string; value: string; at: number }[]> {
  return db.query(
    `SELECT id, project, value, (extract(epoch FROM ended_at) * 1000)::float8 AS at FROM security_restrictions
     WHERE ended_at > $1 AND ended_by NOT IN ('expiry', '${TAKEN_BACK}') ORDER BY ended_at LIMIT 10000`,
    [new Date(since)],
  );
}

/** Everything in force, newest first. */
export async function readRestrictions(db: Queryable, now: number): Promise<StoredRestriction[]> {
  const rows = await db.query<RestrictionRow>(
    `SELECT ${RESTRICTION_COLUMNS} FROM security_restrictions WHERE ended_at IS NULL AND until > $1
     ORDER BY created_at DESC, id LIMIT 50000`,
    [new Date(now)],
  );
  return rows.map(fromRow);
}

interface RestrictionRow {
  id: string;
  project: string;
  action: 'block';
  kind: 'ip';
  value: string;
  until: Date;
  why: string;
  detection_id: string | null;
  author: string;
  created_at: Date;
}

const RESTRICTION_COLUMNS = 'id, project, action, kind, value, until, why, detection_id, author, created_at';

function fromRow(row: RestrictionRow): StoredRestriction {
  const { id, project, action, kind, value, until, why, detection_id, author, created_at } = row;
  return {
    ...{ id, project, action, kind, value, why, author },
    until: until.getTime(),
    detectionId: detection_id,
    createdAt: created_at.getTime(),
  };
}
