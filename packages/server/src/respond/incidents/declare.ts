import type { IncidentSeverity, Severity } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { uuidv7 } from '../../lib/random.ts';
import { type Episode, episodesById, type Labels } from '../alerting/index.ts';
import { announce } from './announce.ts';
import { type Incident, isOpen, moveStatus, PLATFORM } from './incident.ts';
import type { Change, IncidentDeps } from './ports.ts';
import { incidentFromRow, insertIncident, insertStatus, recordFacts, updateIncident } from './store.ts';

/** What somebody, an alert or another part of the platform declares. Times in ms since the epoch. */
export interface Declaration {
  title: string;
  /** Left out = as severe as its alerts, else major. */
  severity?: IncidentSeverity | undefined;
  summary?: string | undefined;
  /** Left out = `hand`. */
  source?: Incident['source'] | undefined;
  /** A declaration with the key of an open incident joins it. */
  key?: string | null | undefined;
  /** Ids of alerts that it is about. */
  alerts?: readonly string[] | undefined;
  /** When the fault began; left out = when its first alert began, else now. */
  startedAt?: number | undefined;
  drill?: boolean | undefined;
  labels?: Labels | undefined;
  runbook?: string | null | undefined;
}

export const SEVERITY_OF: Record<Severity, IncidentSeverity> = {
  critical: 'critical',
  warning: 'major',
  info: 'minor',
};
const RANK: Record<IncidentSeverity, number> = { critical: 0, major: 1, minor: 2 };
const TITLE_MAX = 200;

/**
 * Declares an incident, or joins the open one of the same key. One that ended a short while ago is opened again.
 * @returns `created` is false where it joined another
 * @throws YumOpsError `invalid_incident` (400), `alert_not_found` (404)
 */
export async function declareIncident(
  deps: IncidentDeps,
  input: Declaration,
  { actor, now }: Change,
): Promise<{ incident: Incident; created: boolean }> {
  const title = input.title.replaceAll(/\s+/g, ' ').trim();
  if (title === '' || title.length > TITLE_MAX) {
    throw new YumOpsError('invalid_incident', `A title has 1 to ${TITLE_MAX} characters.`, { status: 400 });
  }
  if (input.startedAt !== undefined && input.startedAt > now) {
    throw new YumOpsError('invalid_incident', 'An incident cannot begin in the future.', { status: 400 });
  }
  const done = await deps.db.transaction(async (tx) => {
    const alerts = await knownAlerts(tx, input.alerts ?? []);
    const earlier = await earlierOf(tx, deps, input.key ?? null, now);
    if (earlier) return { incident: await join(tx, deps, earlier, alerts, { actor, now }), created: false };
    const incident = await insertIncident(tx, compose({ ...input, title }, alerts, deps, { actor, now }));
    await insertStatus(tx, incident.id, { status: incident.status, at: now, by: actor, note: incident.summary });
    await linkAlerts(tx, incident.id, alerts, now);
    const text = `${incident.drill ? 'Drill declared' : 'Declared'} as ${incident.severity}: ${title}`;
    await recordFacts(tx, incident.id, [{ at: now, kind: 'declared', actor, text, source: 'declared' }]);
    const detail = { title, severity: incident.severity, drill: incident.drill, source: incident.source };
    await deps.audit(tx, { at: now, actor, action: 'incident.declare', target: incident.id, detail });
    await announce(tx, deps, incident, { what: 'was declared', note: incident.summary, now });
    return { incident, created: true };
  });
  deps.changed();
  return done;
}

async function knownAlerts(tx: Queryable, ids: readonly string[]): Promise<Episode[]> {
  const found = await episodesById(tx, ids);
  const missing = ids.find((id) => !found.some((alert) => alert.id === id));
  if (missing === undefined) return found.sort((a, b) => a.startedAt - b.startedAt);
  throw new YumOpsError('alert_not_found', `There is no alert ${missing}.`, { status: 404 });
}

/** The open incident of the key, else one that ended within the time in which it opens again. */
async function earlierOf(
  tx: Queryable,
  deps: IncidentDeps,
  key: string | null,
  now: number,
): Promise<Incident | undefined> {
  if (key === null) return undefined;
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('incident:' || $1))`, [key]);
  const rows = await tx.query(
    `SELECT * FROM incidents WHERE dedup_key = $1
       AND (status NOT IN ('resolved', 'closed', 'cancelled') OR (status = 'resolved' AND resolved_at > $2))
     ORDER BY number DESC LIMIT 1 FOR UPDATE`,
    [key, new Date(now - deps.config().reopenWithinMs)],
  );
  return rows[0] && incidentFromRow(rows[0]);
}

async function join(
  tx: Queryable,
  deps: IncidentDeps,
  earlier: Incident,
  alerts: readonly Episode[],
  { actor, now }: Change,
): Promise<Incident> {
  await linkAlerts(tx, earlier.id, alerts, now);
  if (isOpen(earlier)) return earlier;
  const note = 'It came back soon after its end';
  const at = Math.max(now, earlier.movedAt);
  const opened = moveStatus(earlier, { status: 'investigating', at, by: PLATFORM }, at);
  await updateIncident(tx, opened);
  await insertStatus(tx, opened.id, { status: 'investigating', at, by: PLATFORM, note });
  await recordFacts(tx, opened.id, [{ at, kind: 'status', actor: PLATFORM, text: `Reopened: ${note}` }]);
  await deps.audit(tx, { at, actor, action: 'incident.reopen', target: opened.id, detail: { note } });
  await announce(tx, deps, opened, { what: 'is open again', note, now });
  return opened;
}

function compose(
  input: Declaration,
  alerts: readonly Episode[],
  deps: IncidentDeps,
  { actor, now }: Change,
): Omit<Incident, 'number'> {
  const [first] = alerts;
  const source = input.source ?? 'hand';
  const byHand = source === 'hand';
  const ack = alerts.flatMap((alert) => alert.ack ?? []).sort((a, b) => a.at - b.at)[0];
  const severity = input.severity ?? alerts.map((alert) => SEVERITY_OF[alert.severity]).sort(bySeverity)[0] ?? 'major';
  const runbook = input.runbook ?? alerts.map((alert) => deps.runbookOf(alert)).find((id) => id !== null) ?? null;
  const takenBy = ack?.by ?? (byHand ? actor : null);
  return {
    id: uuidv7(now),
    title: input.title,
    summary: input.summary?.trim() ?? '',
    severity,
    status: takenBy === null ? 'triage' : 'investigating',
    drill: input.drill ?? false,
    source,
    key: input.key ?? null,
    labels: input.labels ?? {},
    runbook,
    roles: takenBy === null ? {} : { commander: takenBy },
    declaredBy: actor,
    startedAt: Math.min(input.startedAt ?? first?.startedAt ?? now, now),
    detectedAt: Math.min(first?.firedAt ?? now, now),
    declaredAt: now,
    acknowledgedAt: ack?.at ?? (byHand ? now : null),
    acknowledgedBy: takenBy,
    ...{ mitigatedAt: null, resolvedAt: null, reopened: 0, movedAt: now },
  };
}

function bySeverity(a: IncidentSeverity, b: IncidentSeverity): number {
  return RANK[a] - RANK[b];
}

/** Makes alerts part of an incident, or takes over what became of those that are. @returns ids that are new */
export async function linkAlerts(
  tx: Queryable,
  incidentId: string,
  alerts: readonly Episode[],
  now: number,
): Promise<string[]> {
  const added: string[] = [];
  for (const alert of alerts) {
    const [row] = await tx.query<{ fresh: boolean }>(
      `INSERT INTO incident_alerts (incident_id, alert_id, rule_id, rule, severity, state, started_at, resolved_at,
         acknowledged_by, joined_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (incident_id, alert_id) DO UPDATE SET state = excluded.state, resolved_at = excluded.resolved_at,
         acknowledged_by = excluded.acknowledged_by
       RETURNING xmax = 0 AS fresh`,
      [
        ...[incidentId, alert.id, alert.ruleId, alert.rule, alert.severity, alert.state, new Date(alert.startedAt)],
        alert.resolvedAt === null ? null : new Date(alert.resolvedAt),
        alert.ack?.by ?? null,
        new Date(now),
      ],
    );
    if (row?.fresh) added.push(alert.id);
  }
  return added;
}
