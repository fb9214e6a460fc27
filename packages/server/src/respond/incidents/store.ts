import type { IncidentEventKind, IncidentStatus } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Incident } from './incident.ts';

type Row = Record<string, unknown>;

const ms = (value: unknown) => (value as Date).getTime();
const msOrNull = (value: unknown) => (value === null ? null : ms(value));
const time = (value: number | null) => (value === null ? null : new Date(value));

export function incidentFromRow(row: Row): Incident {
  return {
    id: row['id'] as string,
    number: Number(row['number']),
    title: row['title'] as string,
    summary: row['summary'] as string,
    severity: row['severity'] as Incident['severity'],
    status: row['status'] as Incident['status'],
    drill: row['drill'] as boolean,
    source: row['source'] as Incident['source'],
    key: row['dedup_key'] as string | null,
    labels: row['labels'] as Incident['labels'],
    runbook: row['runbook'] as string | null,
    roles: row['roles'] as Incident['roles'],
    declaredBy: row['declared_by'] as string,
    startedAt: ms(row['started_at']),
    detectedAt: ms(row['detected_at']),
    declaredAt: ms(row['declared_at']),
    acknowledgedAt: msOrNull(row['acknowledged_at']),
    acknowledgedBy: row['acknowledged_by'] as string | null,
    mitigatedAt: msOrNull(row['mitigated_at']),
    resolvedAt: msOrNull(row['resolved_at']),
    reopened: row['reopened'] as number,
    movedAt: ms(row['moved_at']),
  };
}

/** Adds an incident; its number is given by the store. */
export async function insertIncident(tx: Queryable, incident: Omit<Incident, 'number'>): Promise<Incident> {
  const [row] = await tx.query<Row>(
    `INSERT INTO incidents (id, title, summary, severity, status, drill, source, dedup_key, labels, runbook, roles,
       declared_by, started_at, detected_at, declared_at, acknowledged_at, acknowledged_by, moved_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) RETURNING *`,
    [
      incident.id,
      incident.title,
      incident.summary,
      incident.severity,
      incident.status,
      incident.drill,
      incident.source,
      incident.key,
      incident.labels,
      incident.runbook,
      incident.roles,
      incident.declaredBy,
      new Date(incident.startedAt),
      new Date(incident.detectedAt),
      new Date(incident.declaredAt),
      time(incident.acknowledgedAt),
      incident.acknowledgedBy,
      new Date(incident.movedAt),
    ],
  );
  return incidentFromRow(row as Row);
}

/** Writes what can change of an incident. */
export async function updateIncident(tx: Queryable, incident: Incident): Promise<void> {
  await tx.query(
    `UPDATE incidents SET title = $2, summary = $3, severity = $4, status = $5, runbook = $6, roles = $7,
       started_at = $8, detected_at = $9, acknowledged_at = $10, acknowledged_by = $11, mitigated_at = $12,
       resolved_at = $13, reopened = $14, moved_at = $15 WHERE id = $1`,
    [
      incident.id,
      incident.title,
      incident.summary,
      incident.severity,
      incident.status,
      incident.runbook,
      incident.roles,
      new Date(incident.startedAt),
      new Date(incident.detectedAt),
      time(incident.acknowledgedAt),
      incident.acknowledgedBy,
      time(incident.mitigatedAt),
      time(incident.resolvedAt),
      incident.reopened,
      new Date(incident.movedAt),
    ],
  );
}

/**
 * Reads an incident by id or number, locked for a change when `lock` is set.
 * @throws YumOpsError `incident_not_found` (404)
 */
export async function findIncident(db: Queryable, key: string, lock = false): Promise<Incident> {
  const number = /^#?(\d{1,15})$/.exec(key)?.[1] ?? null;
  const [row] = await db.query<Row>(
    `SELECT * FROM incidents WHERE id = $1 OR number = $2 ${lock ? 'FOR UPDATE' : ''}`,
    [key, number],
  );
  if (row) return incidentFromRow(row);
  throw new YumOpsError('incident_not_found', `There is no incident ${key}.`, {
    hint: 'See `yumops incident list`.',
    status: 404,
  });
}

export async function insertStatus(
  tx: Queryable,
  incidentId: string,
  { status, at, by, note }: { status: IncidentStatus; at: number; by: string; note: string },
): Promise<void> {
  await tx.query('INSERT INTO incident_statuses (incident_id, status, at, by, note) VALUES ($1, $2, $3, $4, $5)', [
    incidentId,
    status,
    new Date(at),
    by,
    note,
  ]);
}

/** A line of the timeline before it is stored; `source` names the fact it was made from, null = it is its own. */
export interface Fact {
  at: number;
  kind: IncidentEventKind;
  actor: string | null;
  text: string;
  link?: string | null;
  source?: string | null;
}

const LINE_MAX = 2_000;

/** Adds lines to the timeline; a fact that is there already is left alone. @returns how many were new */
export async function recordFacts(tx: Queryable, incidentId: string, facts: readonly Fact[]): Promise<number> {
  if (facts.length === 0) return 0;
  const rows = facts.map(({ at, kind, actor, text, link = null, source = null }) => ({
    at: new Date(at).toISOString(),
    ...{ kind, actor, link, source },
    text: text.slice(0, LINE_MAX),
  }));
  const added = await tx.query(
    `INSERT INTO incident_events (incident_id, at, kind, actor, text, link, source)
     SELECT $1, f.at, f.kind, f.actor, f.text, f.link, f.source
     FROM jsonb_to_recordset($2::jsonb)
       AS f(at timestamptz, kind text, actor text, text text, link text, source text)
     ON CONFLICT (incident_id, source) DO NOTHING RETURNING id`,
    [incidentId, JSON.stringify(rows).replaceAll('\\u0000', '')],
  );
  return added.length;
}
