import type { ConnectionGroup, ConnectionPoint, Connections } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { CONNECTION_GROUPS_SQL } from '../monitor/connection-groups.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { CONNECTIONS_SQL, type ConnectionRow } from '../probes/connections.ts';
import type { Span } from './history.ts';
import { startsOf, stepsOf } from './span-steps.ts';

/** Who is connected to the server of a database now. Without pg_monitor the states of others are not seen. */
export async function readConnections(db: MonitoredDatabase): Promise<Omit<Connections, 'points'>> {
  const [row] = await db.query<ConnectionRow>(CONNECTIONS_SQL);
  const groups = await db.query<ConnectionGroup>(CONNECTION_GROUPS_SQL);
  return { total: row?.total ?? 0, usable: row?.usable ?? 0, groups };
}

/** How many connections there were in a span by user, application or state, step by step, on average. */
export async function readConnectionHistory(
  telemetry: TelemetryStore,
  database: string,
  span: Span,
  by: 'user' | 'application' | 'state',
): Promise<ConnectionPoint[]> {
  const steps = stepsOf(span);
  const rows = await telemetry.query<{ at: number; label: string; connections: number }>(
    `SELECT at, label, sum(total) / any(looks) AS connections
     FROM (
       SELECT intDiv(toUnixTimestamp64Milli(timestamp), {step:Int64}) * {step:Int64} AS at, attributes[{by:String}] AS label,
              sum(value) AS total
       FROM metrics WHERE ${OF_DATABASE} GROUP BY at, label
     ) AS parts
     INNER JOIN (
       SELECT intDiv(toUnixTimestamp64Milli(timestamp), {step:Int64}) * {step:Int64} AS at, uniqExact(timestamp) AS looks
       FROM metrics WHERE ${OF_DATABASE} GROUP BY at
     ) AS whole USING at
     GROUP BY at, label ORDER BY at`,
    { database, by, ...steps },
  );
  return startsOf(steps).map((at) => ({
    at,
    connections: Object.fromEntries(
      rows.filter((row) => row.at === at).map(({ label, connections }) => [label, connections]),
    ),
  }));
}

const OF_DATABASE = `name = 'db_connections' AND attributes['database'] = {database:String}
  AND timestamp >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;
