import type { TelemetryStore } from '../../lib/telemetry.ts';
import { EVIDENCE_MS } from './evidence.ts';
import { endOf, type Incident } from './incident.ts';
import type { EvidenceSource } from './ports.ts';

/** So long after the beginning, and before the end, each minute is kept: 2 hours are well below the rows that are kept. */
const AROUND_MS = 2 * 3_600_000;
/** How often the minutes of an incident that goes on are read again. */
const AGAIN_MS = 60_000;

type Whose = Pick<Incident, 'startedAt' | 'status' | 'resolvedAt' | 'movedAt' | 'labels'>;

const text = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
const quoted = (value: string) => `'${value.replaceAll(/['\\]/g, '\\$&')}'`;

/** The minutes around the beginning. */
export function spanOfBeginning(incident: Whose) {
  const end = endOf(incident);
  const to = incident.startedAt + AROUND_MS;
  return { from: incident.startedAt - EVIDENCE_MS, to: end === null ? to : Math.min(to, end + EVIDENCE_MS) };
}

/** The minutes around the end that the beginning does not reach; null while there is no end, or no such minutes. */
export function spanOfEnd(incident: Whose) {
  const end = endOf(incident);
  const beginning = incident.startedAt + AROUND_MS;
  if (end === null || end + EVIDENCE_MS <= beginning) return null;
  return { from: Math.max(beginning, end - AROUND_MS), to: end + EVIDENCE_MS };
}

/** Traffic, failures and response times by minute, of the service that the incident is about where its labels name one. */
export function impactEvidence(telemetry: TelemetryStore): EvidenceSource[] {
  const columns = `toStartOfMinute(timestamp) AS minute, count() AS requests, countIf(statusCode >= 500) AS failed,
      round(quantile(0.95)(duration), 1) AS p95Ms`;
  const source = (kind: string, title: string, spanOf: EvidenceSource['spanOf']): EvidenceSource => ({
    ...{ kind, title, spanOf, againMs: AGAIN_MS },
    query: ({ from, to }, { labels: { service } }) => {
      // An incident about alerts without a service is about all of them.
      const own = service ? ` AND service = ${quoted(service)}` : '';
      return `SELECT ${columns} FROM requests WHERE timestamp >= '${text(from)}' AND timestamp < '${text(to)}'${own} GROUP BY minute ORDER BY minute`;
    },
    async read({ from, to }, limit, { labels: { service } }) {
      const rows = await telemetry.query(
        `SELECT ${columns} FROM requests WHERE timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
           AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
           AND ({service:String} = '' OR service = {service:String})
         GROUP BY minute ORDER BY minute LIMIT {limit:UInt32}`,
        { from, to, limit, service: service ?? '' },
      );
      return { rows, total: rows.length };
    },
  });
  return [
    source('impact', 'Requests by minute, around the beginning', spanOfBeginning),
    source('impact_end', 'Requests by minute, around the end', spanOfEnd),
  ];
}
