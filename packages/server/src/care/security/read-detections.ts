import type { Page, SecurityDetection, SecurityEvidence } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { type Reach, reaches } from '../../lib/reach.ts';
import { readCursor } from './cursor.ts';

interface DetectionRow {
  id: string;
  project: string;
  code: SecurityDetection['code'];
  severity: SecurityDetection['severity'];
  ip: string | null;
  network: string | null;
  account: string | null;
  count: string;
  first_at: Date;
  last_at: Date;
  evidence: SecurityEvidence;
}

export interface DetectionQuery {
  code?: string | undefined;
  ip?: string | undefined;
  network?: string | undefined;
  account?: string | undefined;
  /** Whose last event is not older, milliseconds since the epoch. */
  since?: number | undefined;
  /** Whose projects; null = all. */
  reach: Reach;
  limit: number;
  cursor?: string | undefined;
}

const COLUMNS = 'id, project, code, severity, ip, network, account, count, first_at, last_at, evidence';

/**
 * Detections, the latest first.
 * @throws YumOpsError `invalid_cursor` (400)
 */
export async function listDetections(db: Queryable, query: DetectionQuery): Promise<Page<SecurityDetection>> {
  const before = query.cursor === undefined ? null : readCursor(query.cursor);
  const rows = await db.query<DetectionRow>(
    `SELECT ${COLUMNS} FROM security_detections
     WHERE ($1::text IS NULL OR code = $1) AND ($2::text IS NULL OR ip = $2) AND ($3::text IS NULL OR network = $3)
       AND ($4::text IS NULL OR account = $4) AND ($5::timestamptz IS NULL OR last_at >= $5)
       AND ($6::timestamptz IS NULL OR (last_at, id) < ($6, $7)) AND ($9::text[] IS NULL OR project = ANY ($9))
     ORDER BY last_at DESC, id DESC LIMIT $8`,
    [
      query.code ?? null,
      query.ip ?? null,
      query.network ?? null,
      query.account ?? null,
      query.since === undefined ? null : new Date(query.since),
      before === null ? null : new Date(before.at),
      before?.id ?? null,
      query.limit + 1,
      query.reach,
    ],
  );
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > query.limit && last ? `${last.last_at.getTime()}.${last.id}` : null,
  };
}

/** One detection. @throws YumOpsError `detection_unknown` (404) */
export async function getDetection(db: Queryable, id: string, reach: Reach): Promise<SecurityDetection> {
  const [row] = await db.query<DetectionRow>(`SELECT ${COLUMNS} FROM security_detections WHERE id = $1`, [id]);
  if (row !== undefined && reaches(reach, row.project)) return toItem(row);
  throw new YumOpsError('detection_unknown', `There is no detection "${id}".`, { status: 404 });
}

/** How many attacks of each severity had an event since a time, milliseconds since the epoch. */
export async function countAttacks(
  db: Queryable,
  since: number,
  reach: Reach,
): Promise<Record<SecurityDetection['severity'], number>> {
  const rows = await db.query<{ severity: SecurityDetection['severity']; attacks: number }>(
    `SELECT severity, count(*)::int AS attacks FROM security_detections
     WHERE last_at >= $1 AND ($2::text[] IS NULL OR project = ANY ($2)) GROUP BY severity`,
    [new Date(since), reach],
  );
  const counts = { critical: 0, high: 0, medium: 0, low: 0 };
  for (const { severity, attacks } of rows) counts[severity] = attacks;
  return counts;
}

/** Attacks that went on in a span (ms since the epoch), by kind, the gravest kind first. */
export function countAttacksBetween(
  db: Queryable,
  { from, to }: { from: number; to: number },
): Promise<{ code: SecurityDetection['code']; severity: SecurityDetection['severity']; attacks: number }[]> {
  return db.query(
    `SELECT code, severity, count(*)::int AS attacks FROM security_detections WHERE first_at < $2 AND last_at >= $1
     GROUP BY code, severity ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'low'], severity), attacks DESC, code`,
    [new Date(from), new Date(to)],
  );
}

function toItem({ ip, network, account, count, first_at, last_at, ...row }: DetectionRow): SecurityDetection {
  return {
    ...row,
    keys: { ip, network, account },
    count: Number(count),
    firstAt: first_at.toISOString(),
    lastAt: last_at.toISOString(),
  };
}
