import type { SessionStatus } from '@yumops/protocol';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { normaliseQuery } from '../normalise.ts';
import { askerOf } from '../statement-comment.ts';

const SQL = (limit: number) => `
  SELECT a.pid, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS since,
         a.usename AS user, nullif(a.application_name, '') AS application, host(a.client_addr) AS client, a.state,
         CASE WHEN a.state = 'active' THEN a.wait_event_type || ': ' || a.wait_event END AS "waitsFor",
         extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS "inTransaction",
         extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS "inState", left(a.query, 4000) AS query,
         CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) ELSE '{}' END AS blockers
  FROM pg_stat_activity a
  WHERE a.backend_type = 'client backend' AND a.datname = current_database() AND a.pid <> pg_backend_pid()
  ORDER BY a.wait_event_type = 'Lock' DESC NULLS LAST, a.xact_start NULLS LAST, a.pid LIMIT ${limit}`;

/** The sessions of clients, those that wait for locks or have the oldest transactions first. */
export async function readActivity(db: MonitoredDatabase, limit: number): Promise<SessionStatus[]> {
  const rows = await db.query<Omit<SessionStatus, 'traceId' | 'requestId'>>(SQL(limit));
  return rows.map((row) => ({ ...row, ...askerOf(row.query), query: row.query ? normaliseQuery(row.query) : null }));
}
