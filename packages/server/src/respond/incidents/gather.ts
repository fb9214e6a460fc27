import type { Queryable } from '../../lib/db.ts';
import { evidenceDue, takeEvidence } from './evidence.ts';
import { followAlerts } from './follow-alerts.ts';
import { type Incident, PLATFORM } from './incident.ts';
import type { EvidenceSource, FactSource, IncidentDeps } from './ports.ts';
import { findIncident, incidentFromRow, recordFacts } from './store.ts';

/** What happened so long before the fault and after the end belongs to the story. */
const AROUND_MS = 15 * 60_000;
const MOST_AT_ONCE = 100;

export interface GatherDeps extends IncidentDeps {
  facts: readonly FactSource[];
  evidence: readonly EvidenceSource[];
}

/** Incidents whose timeline still fills itself at `now` (ms): open, or over for less than a quarter of an hour. */
async function lively(db: Queryable, now: number): Promise<Incident[]> {
  const rows = await db.query(
    `SELECT * FROM incidents WHERE status NOT IN ('resolved', 'closed', 'cancelled') OR moved_at > $1
       OR EXISTS (SELECT 1 FROM incident_evidence e WHERE e.incident_id = incidents.id AND NOT e.complete
                  AND (incidents.declared_at > $2 OR incidents.moved_at > $2))
     ORDER BY number DESC LIMIT ${MOST_AT_ONCE}`,
    [new Date(now - AROUND_MS - 60_000), new Date(now - 86_400_000)],
  );
  return rows.map(incidentFromRow);
}

/**
 * One round: every lively incident follows its alerts, takes new facts into its timeline and freezes evidence. A round
 * that was cut short is simply made again: each fact is there once.
 * @param failed told of what could not be read; the other incidents go on
 */
export async function gatherAll(
  deps: GatherDeps,
  now: number,
  failed: (incident: Incident, error: unknown) => void,
): Promise<void> {
  for (const incident of await lively(deps.db, now)) {
    try {
      await gatherOne(deps, incident.id, now);
    } catch (error) {
      failed(incident, error);
    }
  }
}

/** Brings one incident up to date. @param now ms since the epoch */
export async function gatherOne(deps: GatherDeps, id: string, now: number): Promise<void> {
  const alertIds = await deps.db.transaction((tx) => followAlerts(tx, deps, id, now));
  const incident = await findIncident(deps.db, id);
  const to = incident.resolvedAt === null ? now : incident.resolvedAt + AROUND_MS;
  const query = { incident, alertIds, from: incident.startedAt - AROUND_MS, to };
  for (const source of deps.facts) await recordFacts(deps.db, id, await source(deps.db, query));
  await freeze(deps, incident, now);
}

async function freeze(deps: GatherDeps, incident: Incident, now: number): Promise<void> {
  const due = await evidenceDue(deps.db, incident, deps.evidence, now);
  if (due.length === 0) return;
  const complete = await takeEvidence(deps.db, incident, due, now);
  if (complete.length === 0) return;
  const text = `Evidence is frozen: ${complete.join(', ').replaceAll('_', ' ')}`;
  const line = { at: now, kind: 'evidence' as const, actor: PLATFORM, text, source: `evidence:${complete.join(',')}` };
  await recordFacts(deps.db, incident.id, [line, ...(await firstErrors(deps.db, incident.id))]);
}

/** The issues that had most events around the beginning, as lines of the timeline. */
async function firstErrors(db: Queryable, id: string) {
  const rows = await db.query<{
    group_id: string;
    type: string | null;
    message: string;
    events: string;
    first_at: string;
  }>(
    `SELECT r->>'groupId' AS group_id, r->>'type' AS type, r->>'message' AS message, r->>'events' AS events,
       r->>'firstAt' AS first_at
     FROM incident_evidence, jsonb_array_elements(rows) WITH ORDINALITY AS x(r, n)
     WHERE incident_id = $1 AND kind = 'errors' ORDER BY n LIMIT 5`,
    [id],
  );
  return rows.map(({ group_id, type, message, events, first_at }) => ({
    at: Date.parse(`${first_at.replace(' ', 'T').replace(/Z$/, '')}Z`),
    kind: 'error' as const,
    actor: null,
    text: `${type ?? 'Error'}: ${message} (${events} around the beginning)`,
    link: `/errors/${group_id}`,
    source: `error:${group_id}`,
  }));
}
