import type { TelemetryStore } from '../../lib/telemetry.ts';
import { aroundBeginning } from './evidence.ts';
import { impactEvidence } from './impact-evidence.ts';
import type { EvidenceSource } from './ports.ts';

const SPAN = `timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
  AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;

interface Kind {
  kind: string;
  title: string;
  columns: string;
  relation: string;
  where: string;
  order: string;
  /** Rows are groups of others. */
  group?: string;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'logs',
    title: 'Log lines of errors and warnings',
    columns: 'timestamp, level, service, message, event, endpoint, statusCode, requestId, traceId, attributes',
    relation: 'application_logs',
    where: `level IN ('fatal', 'error', 'warn', 'warning')`,
    order: 'timestamp',
  },
  {
    kind: 'requests',
    title: 'Requests by minute and route',
    columns: `toStartOfMinute(timestamp) AS minute, endpoint, count() AS requests, countIf(statusCode >= 500) AS failed,
      round(quantile(0.95)(duration), 1) AS p95Ms`,
    relation: 'requests',
    where: '1',
    order: 'failed DESC, requests DESC, minute',
    group: 'minute, endpoint',
  },
  {
    kind: 'failures',
    title: 'Requests that failed',
    columns: 'timestamp, method, endpoint, statusCode, duration, requestId, traceId, service, version',
    relation: 'requests',
    where: 'statusCode >= 500',
    order: 'timestamp',
  },
  {
    kind: 'errors',
    title: 'Errors by issue',
    columns: `groupId, any(type) AS type, any(message) AS message, count() AS events, min(timestamp) AS firstAt,
      max(timestamp) AS lastAt, any(release) AS release`,
    relation: 'error_events',
    where: '1',
    order: 'events DESC, groupId',
    group: 'groupId',
  },
  {
    kind: 'checks',
    title: 'Checks that failed',
    columns: 'timestamp, monitor, location, statusCode, durationMs, reason',
    relation: 'checks',
    where: 'NOT ok',
    order: 'timestamp',
  },
  {
    kind: 'outbound',
    title: 'Calls to others that failed',
    columns: 'timestamp, provider, host, method, statusCode, duration, reason, service, requestId',
    relation: 'outbound_calls',
    where: 'failed',
    order: 'timestamp',
  },
  {
    kind: 'metrics',
    title: 'Metrics by minute',
    columns: `toStartOfMinute(timestamp) AS minute, name, service, round(avg(value), 4) AS average,
      round(max(value), 4) AS highest`,
    relation: 'metrics',
    where: '1',
    order: 'name, service, minute',
    group: 'minute, name, service',
  },
];

const text = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ');

/** What is frozen of the telemetry store. */
export function telemetryEvidence(telemetry: TelemetryStore): EvidenceSource[] {
  const rows = KINDS.map((kind): EvidenceSource => {
    const body = `FROM ${kind.relation} WHERE ${kind.where} AND ${SPAN}`;
    const grouped = kind.group === undefined ? '' : ` GROUP BY ${kind.group}`;
    return {
      ...{ kind: kind.kind, title: kind.title, spanOf: aroundBeginning, againMs: null },
      query: ({ from, to }) =>
        `SELECT ${kind.columns} FROM ${kind.relation} WHERE ${kind.where} AND timestamp >= '${text(from)}' AND timestamp < '${text(to)}'${grouped}`,
      async read({ from, to }, limit) {
        const select = `SELECT ${kind.columns} ${body}${grouped}`;
        const [rows, [counted]] = await Promise.all([
          telemetry.query(`${select} ORDER BY ${kind.order} LIMIT {limit:UInt32}`, { from, to, limit }),
          telemetry.query<{ total: number }>(`SELECT count() AS total FROM (${select})`, { from, to }),
        ]);
        return { rows, total: Number(counted?.total ?? 0) };
      },
    };
  });
  return [...rows, ...impactEvidence(telemetry)];
}
