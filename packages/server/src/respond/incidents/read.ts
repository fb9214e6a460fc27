import type {
  IncidentAlert,
  IncidentDetail,
  IncidentEvent,
  IncidentEventKind,
  Incident as IncidentItem,
  IncidentStatus,
  NextStep,
  Page,
} from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { exhaustedAmong } from '../alerting/index.ts';
import { listEvidence } from './evidence.ts';
import { type Incident, isOpen, timesOf } from './incident.ts';
import { savedPostmortem } from './postmortem.ts';
import { findIncident, incidentFromRow } from './store.ts';
import { readTasks } from './tasks.ts';

const TIMELINE_MAX = 5_000;

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

export interface IncidentQuery {
  state: 'open' | 'ended' | 'all';
  /** Id of an alert: only the incidents that it belongs to. */
  alert?: string | undefined;
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** Newest first. */
export async function listIncidents(db: Queryable, query: IncidentQuery): Promise<Page<IncidentItem>> {
  const before = query.cursor ?? null;
  if (before !== null && !/^\d{1,15}$/.test(before)) {
    throw new YumOpsError('invalid_cursor', 'This cursor was not given by this list.', { status: 400 });
  }
  const ended = `('resolved', 'closed', 'cancelled')`;
  const state = { open: `status NOT IN ${ended}`, ended: `status IN ${ended}`, all: 'true' }[query.state];
  const rows = await db.query(
    `SELECT i.*, (SELECT count(*) FROM incident_alerts a WHERE a.incident_id = i.id AND a.state = 'firing') AS firing
     FROM incidents i WHERE ${state} AND ($1::bigint IS NULL OR number < $1)
       AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM incident_alerts a WHERE a.incident_id = i.id AND a.alert_id = $3))
     ORDER BY number DESC LIMIT $2`,
    [before, query.limit + 1, query.alert ?? null],
  );
  const shown = rows
    .slice(0, query.limit)
    .map((row) => ({ incident: incidentFromRow(row), firing: Number(row['firing']) }));
  const unowned = await unownedAmong(
    db,
    shown.map(({ incident }) => incident),
  );
  return {
    items: shown.map(({ incident, firing }) => toItem(incident, firing, unowned.has(incident.id))),
    nextCursor: rows.length > query.limit ? String(shown.at(-1)?.incident.number) : null,
  };
}

/** Reads the next escalation step of an alert. Implemented by alerting. */
export type NextStepOf = (alertId: string) => Promise<NextStep | null>;

/** @throws YumOpsError `incident_not_found` (404) */
export async function readIncident(db: Queryable, key: string, nextStepOf: NextStepOf): Promise<IncidentDetail> {
  const incident = await findIncident(db, key);
  const { id } = incident;
  const [statuses, timeline, alerts, tasks, evidence, related, postmortem, unowned] = await Promise.all([
    db.query<{ status: IncidentStatus; at: Date; by: string; note: string }>(
      'SELECT status, at, by, note FROM incident_statuses WHERE incident_id = $1 ORDER BY seq',
      [id],
    ),
    readTimeline(db, id),
    readAlerts(db, id),
    readTasks(db, id),
    listEvidence(db, id),
    readRelated(db, incident),
    savedPostmortem(db, id),
    unownedAmong(db, [incident]),
  ]);
  const firing = alerts.filter(({ state }) => state === 'firing');
  return {
    ...toItem(incident, firing.length, unowned.has(id)),
    statuses: statuses.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() })),
    times: timesOf(incident),
    ...{ timeline, alerts, tasks, evidence, related },
    next: await earliestStep(firing, nextStepOf),
    postmortem: postmortem === null ? null : { by: postmortem.by ?? '', at: postmortem.at ?? '' },
  };
}

/** Open ones that nobody has taken although an alert of theirs has told everybody whom it may tell. */
async function unownedAmong(db: Queryable, incidents: readonly Incident[]): Promise<Set<string>> {
  const untaken = incidents.filter((one) => isOpen(one) && one.acknowledgedAt === null).map(({ id }) => id);
  if (untaken.length === 0) return new Set();
  const firing = await db.query<{ incident_id: string; alert_id: string }>(
    `SELECT incident_id, alert_id FROM incident_alerts
     WHERE incident_id = ANY ($1::text[]) AND state = 'firing' AND acknowledged_by IS NULL`,
    [untaken],
  );
  const exhausted = await exhaustedAmong(
    db,
    firing.map((row) => row.alert_id),
  );
  return new Set(firing.filter((row) => exhausted.has(row.alert_id)).map((row) => row.incident_id));
}

async function earliestStep(firing: readonly IncidentAlert[], nextStepOf: NextStepOf): Promise<IncidentDetail['next']> {
  const open = firing.filter(({ acknowledgedBy }) => acknowledgedBy === null).slice(0, 20);
  const steps = await Promise.all(
    open.map(async ({ id }) => {
      const step = await nextStepOf(id);
      return step === null ? [] : [{ ...step, alert: id }];
    }),
  );
  return steps.flat().sort((a, b) => (a.at < b.at ? -1 : 1))[0] ?? null;
}

async function readTimeline(db: Queryable, id: string): Promise<IncidentEvent[]> {
  const rows = await db.query<{
    id: string;
    at: Date;
    kind: IncidentEventKind;
    actor: string | null;
    text: string;
    link: string | null;
  }>(
    `SELECT id, at, kind, actor, text, link FROM incident_events WHERE incident_id = $1 ORDER BY at, id
     LIMIT ${TIMELINE_MAX}`,
    [id],
  );
  return rows.map((row) => ({ ...row, id: Number(row.id), at: row.at.toISOString() }));
}

async function readAlerts(db: Queryable, id: string): Promise<IncidentAlert[]> {
  const rows = await db.query<{
    alert_id: string;
    rule: string;
    severity: IncidentAlert['severity'];
    state: IncidentAlert['state'];
    started_at: Date;
    resolved_at: Date | null;
    acknowledged_by: string | null;
  }>('SELECT * FROM incident_alerts WHERE incident_id = $1 ORDER BY started_at, alert_id', [id]);
  return rows.map((row) => ({
    id: row.alert_id,
    rule: row.rule,
    severity: row.severity,
    state: row.state,
    startedAt: row.started_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    acknowledgedBy: row.acknowledged_by,
  }));
}

/** The newest others that the same rules raised, or that have the same runbook. */
async function readRelated(db: Queryable, incident: Incident): Promise<IncidentDetail['related']> {
  const rows = await db.query<{
    id: string;
    number: string;
    title: string;
    status: IncidentStatus;
    declared_at: Date;
    rule: string | null;
  }>(
    `SELECT i.id, i.number, i.title, i.status, i.declared_at,
       (SELECT min(o.rule) FROM incident_alerts o JOIN incident_alerts m ON m.rule_id = o.rule_id
        WHERE o.incident_id = i.id AND m.incident_id = $1) AS rule
     FROM incidents i WHERE i.id <> $1 AND (
       EXISTS (SELECT 1 FROM incident_alerts o JOIN incident_alerts m ON m.rule_id = o.rule_id
               WHERE o.incident_id = i.id AND m.incident_id = $1)
       OR (i.runbook = $2))
     ORDER BY i.number DESC LIMIT 5`,
    [incident.id, incident.runbook],
  );
  return rows.map(({ id, number, title, status, declared_at, rule }) => ({
    ...{ id, number: Number(number), title, status, declaredAt: declared_at.toISOString() },
    why: rule === null ? `the runbook ${incident.runbook} too` : `${rule} fired then too`,
  }));
}

function toItem(incident: Incident, alertsFiring: number, unowned: boolean): IncidentItem {
  const { id, number, title, summary, severity, status, drill, source, declaredBy, runbook, acknowledgedBy } = incident;
  return {
    ...{ id, number, title, summary, severity, status, drill, source, declaredBy, runbook, acknowledgedBy },
    labels: Object.fromEntries(Object.entries(incident.labels).filter(([, value]) => value !== '')),
    roles: { ...incident.roles },
    startedAt: iso(incident.startedAt),
    detectedAt: iso(incident.detectedAt),
    declaredAt: iso(incident.declaredAt),
    acknowledgedAt: isoOrNull(incident.acknowledgedAt),
    mitigatedAt: isoOrNull(incident.mitigatedAt),
    resolvedAt: isoOrNull(incident.resolvedAt),
    reopened: incident.reopened,
    alertsFiring,
    unowned,
  };
}
