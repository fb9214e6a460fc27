import type { TelemetryStore } from '../../lib/telemetry.ts';
import { type EventRow, readEvent, type SecurityEvent } from './event.ts';

const DAY_MS = 86_400_000;
/** The newest events that are seen again after a start. */
const MOST_EVENTS = 100_000;

/** The sign-ins of the last day, oldest first. */
export async function readPast(telemetry: Pick<TelemetryStore, 'query'>, now: number): Promise<SecurityEvent[]> {
  const rows = await telemetry.query<EventRow>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS timestamp, project, event, ip, userId, attributes FROM (
       SELECT timestamp, project, event, ip, userId, attributes FROM security_event_rows
       WHERE timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
       ORDER BY timestamp DESC LIMIT {most:UInt32}
     ) ORDER BY timestamp`,
    { since: now - DAY_MS, most: MOST_EVENTS },
  );
  return rows.map(readEvent).filter((event) => event !== null);
}
