import type { IncidentSeverity } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { findIncident } from './store.ts';

/** An incident in short. */
export interface IncidentOutline {
  id: string;
  title: string;
  severity: IncidentSeverity;
  /** Ms since the epoch. */
  startedAt: number;
  /** Names of the monitors whose alerts belong to it. */
  monitors: readonly string[];
}

/** @throws YumOpsError `incident_not_found` (404) */
export async function readOutline(db: Queryable, key: string): Promise<IncidentOutline> {
  const { id, title, severity, startedAt } = await findIncident(db, key);
  const rows = await db.query<{ monitor: string }>(
    `SELECT DISTINCT a.subject->'labels'->>'monitor' AS monitor FROM incident_alerts i JOIN alerts a ON a.id = i.alert_id
     WHERE i.incident_id = $1 AND a.subject->'labels' ? 'monitor' ORDER BY 1`,
    [id],
  );
  return { id, title, severity, startedAt, monitors: rows.map(({ monitor }) => monitor) };
}
