import type { IncidentEvidence, IncidentEvidenceRows } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Incident } from './incident.ts';
import type { EvidenceSource, EvidenceSpan } from './ports.ts';

/** So long before and after the beginning of the fault. */
export const EVIDENCE_MS = 15 * 60_000;
/** Rows of the last moments are still on their way. */
const SETTLED_MS = 30_000;
/** What could not be read is tried again after so long. */
const RETRY_MS = 60_000;
const ROWS_KEPT = 500;

interface EvidenceRow {
  kind: string;
  title: string;
  query: string;
  from_at: Date;
  to_at: Date;
  taken_at: Date;
  complete: boolean;
  total: string;
  kept: string;
  error: string | null;
  rows?: Record<string, unknown>[];
}

/** Telemetry of a span that was moved is read again only while it is surely there. */
const THERE_MS = 86_400_000;

/** The 15 minutes before and after the beginning. */
export function aroundBeginning({ startedAt }: Pick<Incident, 'startedAt'>): EvidenceSpan {
  return { from: startedAt - EVIDENCE_MS, to: startedAt + EVIDENCE_MS };
}

/**
 * Which sources are to be read at `now` (ms): never taken, taken before their span had passed, of another span than it
 * is now known to be, or failed a while ago.
 */
export async function evidenceDue(
  db: Queryable,
  incident: Incident,
  sources: readonly EvidenceSource[],
  now: number,
): Promise<EvidenceSource[]> {
  const rows = await db.query<Taken>(
    'SELECT kind, from_at, to_at, taken_at, complete, error FROM incident_evidence WHERE incident_id = $1',
    [incident.id],
  );
  return sources.filter((source) => {
    const span = source.spanOf(incident);
    const known = rows.find(({ kind }) => kind === source.kind);
    return span !== null && (known === undefined || isStale(known, span, source.againMs, now));
  });
}

type Taken = Pick<EvidenceRow, 'kind' | 'from_at' | 'to_at' | 'taken_at' | 'complete' | 'error'>;

function isStale(known: Taken, span: EvidenceSpan, againMs: number | null, now: number): boolean {
  const age = now - known.taken_at.getTime();
  if (known.error !== null) return age >= RETRY_MS;
  const moved = known.from_at.getTime() !== span.from || known.to_at.getTime() !== span.to;
  if (moved && now - span.from < THERE_MS) return true;
  return !known.complete && (now >= span.to + SETTLED_MS || (againMs !== null && age >= againMs));
}

/**
 * Copies what telemetry says about the incident. What was read before stays where a source fails now.
 * @returns the kinds that are complete with this
 */
export async function takeEvidence(
  db: Queryable,
  incident: Incident,
  sources: readonly EvidenceSource[],
  now: number,
): Promise<string[]> {
  const complete: string[] = [];
  for (const source of sources) {
    const span = source.spanOf(incident);
    if (span === null) continue;
    const passed = now >= span.to + SETTLED_MS;
    const read = await source.read(span, ROWS_KEPT, incident).then(
      (found) => ({ ...found, error: null }),
      (error: unknown) => ({ rows: null, total: 0, error: messageOf(error) }),
    );
    const query = source.query(span, incident);
    await store(db, incident.id, source, { ...read, query, span, now, complete: passed && read.error === null });
    if (passed && read.error === null) complete.push(source.kind);
  }
  return complete;
}

async function store(
  db: Queryable,
  incidentId: string,
  { kind, title }: EvidenceSource,
  read: {
    query: string;
    rows: Record<string, unknown>[] | null;
    total: number;
    error: string | null;
    span: EvidenceSpan;
    now: number;
    complete: boolean;
  },
): Promise<void> {
  const kept = read.rows === null ? '[]' : JSON.stringify(read.rows).replaceAll('\\u0000', '');
  await db.query(
    `INSERT INTO incident_evidence AS e
       (incident_id, kind, title, query, from_at, to_at, taken_at, complete, total, rows, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (incident_id, kind) DO UPDATE SET taken_at = excluded.taken_at, complete = excluded.complete,
       from_at = excluded.from_at, to_at = excluded.to_at, error = excluded.error,
       total = CASE WHEN excluded.error IS NULL THEN excluded.total ELSE e.total END,
       rows = CASE WHEN excluded.error IS NULL THEN excluded.rows ELSE e.rows END`,
    [
      ...[incidentId, kind, title, read.query, new Date(read.span.from), new Date(read.span.to), new Date(read.now)],
      ...[read.complete, read.total, kept, read.error],
    ],
  );
}

const COLUMNS = `kind, title, query, from_at, to_at, taken_at, complete, total, jsonb_array_length(rows) AS kept, error`;

export async function listEvidence(db: Queryable, incidentId: string): Promise<IncidentEvidence[]> {
  const rows = await db.query<EvidenceRow>(
    `SELECT ${COLUMNS} FROM incident_evidence WHERE incident_id = $1 ORDER BY title`,
    [incidentId],
  );
  return rows.map(toEvidence);
}

/** @throws YumOpsError `evidence_not_found` (404) */
export async function readEvidence(db: Queryable, incidentId: string, kind: string): Promise<IncidentEvidenceRows> {
  const [row] = await db.query<EvidenceRow>(
    `SELECT ${COLUMNS}, rows FROM incident_evidence WHERE incident_id = $1 AND kind = $2`,
    [incidentId, kind],
  );
  if (!row) throw new YumOpsError('evidence_not_found', `No evidence "${kind}" was taken.`, { status: 404 });
  return { ...toEvidence(row), rows: row.rows ?? [] };
}

function toEvidence(row: EvidenceRow): IncidentEvidence {
  return {
    kind: row.kind,
    title: row.title,
    query: row.query,
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    takenAt: row.taken_at.toISOString(),
    complete: row.complete,
    total: Number(row.total),
    kept: Number(row.kept),
    error: row.error,
  };
}
