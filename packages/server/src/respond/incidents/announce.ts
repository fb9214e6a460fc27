import type { IncidentSeverity, Severity } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { formatDuration } from '../../lib/duration.ts';
import { randomHex } from '../../lib/random.ts';
import { queueNotice } from '../alerting/index.ts';
import { type Incident, timesOf } from './incident.ts';
import type { IncidentDeps } from './ports.ts';

const SEVERITIES: Record<IncidentSeverity, Severity> = { critical: 'critical', major: 'warning', minor: 'info' };

/**
 * Tells the receivers of incidents what happened, in the transaction of the change and through the outbox of alerts.
 * @param what one line, such as "is being investigated"
 */
export async function announce(
  tx: Queryable,
  deps: Pick<IncidentDeps, 'config' | 'publicUrl'>,
  incident: Incident,
  { what, note, now }: { what: string; note: string; now: number },
): Promise<void> {
  const name = `${incident.drill ? 'DRILL · ' : ''}Incident ${incident.number}`;
  const roles = Object.entries(incident.roles).map(([role, person]) => `${role} ${person}`);
  const { resolve } = timesOf(incident);
  await queueNotice(
    tx,
    {
      key: `incident:${incident.id}:${randomHex(6)}`,
      topic: `incident ${incident.number}`,
      targets: deps.config().notify,
      severity: SEVERITIES[incident.severity],
      ended: incident.status === 'resolved',
      title: `${name} ${what}: ${incident.title}`,
      lines: [
        ...(note === '' ? [] : [note]),
        `Severity ${incident.severity}, status ${incident.status}${resolve === null ? '' : `, after ${formatDuration(resolve)}`}`,
        ...(roles.length === 0 ? [] : [roles.join(', ')]),
        ...(incident.runbook === null ? [] : [`Runbook: ${deps.publicUrl}/runbooks?runbook=${incident.runbook}`]),
      ],
      url: incidentUrl(deps.publicUrl, incident),
      marksFirst: true,
      reason: 'you get news of every incident',
    },
    now,
  );
}

/** The page of the console about it. */
export function incidentUrl(publicUrl: string, { id }: Pick<Incident, 'id'>): string {
  return `${publicUrl}/incidents/${encodeURIComponent(id)}`;
}
