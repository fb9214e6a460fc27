import { YumOpsError } from '../../lib/errors.ts';
import type { TelemetryRow } from '../../lib/telemetry.ts';
import { type EntryBody, PartSet } from './record/part-set.ts';
import { wellFormedJson } from './record/well-formed.ts';

/** Where rows of a relation go and how long they are kept. */
interface Destination {
  /** Physical table. */
  table: string;
  /** Retention class, a key of the configuration's `retention`. */
  retentionClass: string | ((row: TelemetryRow) => string);
}

const fixed = (table: string, retentionClass: string): Destination => ({ table, retentionClass });

/** Relations that the platform's own code may write. */
const DESTINATIONS: Readonly<Record<string, Destination>> = {
  logs: { table: 'logs', retentionClass: logClass },
  requests: fixed('request_rows', 'requests'),
  metrics: fixed('metric_rows', 'metrics'),
  outbound_calls: fixed('outbound_rows', 'requests'),
  dead_letters: fixed('dead_letters', 'logs'),
  checks: fixed('check_results', 'checks'),
  health_checks: fixed('health_results', 'checks'),
  check_ins: fixed('check_in_rows', 'checks'),
  database_samples: fixed('database_sample_rows', 'metrics'),
  database_sizes: fixed('database_size_rows', 'metrics'),
  database_waits: fixed('database_wait_rows', 'metrics'),
};

/**
 * Makes the body of an entry from rows of the platform's own.
 * @throws unknown_relation when the relation is not one that can be written
 */
export function encodeRows(relation: string, rows: readonly TelemetryRow[]): EntryBody {
  const destination = Object.hasOwn(DESTINATIONS, relation) ? DESTINATIONS[relation] : undefined;
  if (!destination) throw new YumOpsError('unknown_relation', `"${relation}" is not a relation that can be written.`);
  const { table } = destination;
  const parts = new PartSet();
  for (const row of rows) {
    const retentionClass =
      typeof destination.retentionClass === 'string' ? destination.retentionClass : destination.retentionClass(row);
    parts.beginRow(table, row.timestamp, retentionClass).text(`${wellFormedJson({ ...row, retentionClass })}\n`);
  }
  return parts.take();
}

function logClass(row: TelemetryRow): string {
  if (row['type'] === 'security') return 'security';
  return row['level'] === 'debug' || row['level'] === 'trace' ? 'debug_logs' : 'logs';
}
