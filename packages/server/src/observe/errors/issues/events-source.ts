import type { TelemetryStore } from '../../../lib/telemetry.ts';

/** What reading issues needs of the telemetry store. */
export type Telemetry = Pick<TelemetryStore, 'query'>;

/** Every error event once, with the issue that it belongs to; for a FROM. */
export const EVENTS = `(
  SELECT e.*, if(m.issueId = '', e.groupHash, m.issueId) AS issueId, m.issueId != '' AS moved
  FROM (SELECT * FROM error_event_rows FINAL SETTINGS do_not_merge_across_partitions_select_final = 1) AS e
  LEFT JOIN (SELECT project, groupHash, issueId FROM error_group_moves FINAL) AS m
    ON e.project = m.project AND e.groupHash = m.groupHash
)`;

/** A time as a ClickHouse parameter of type DateTime64, by the name of its parameter in milliseconds. */
export function at(name: string): string {
  return `fromUnixTimestamp64Milli({${name}:Int64})`;
}
