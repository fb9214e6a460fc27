import { type ProbeContext, queryProbe } from '../probe.ts';
import { percent } from '../units.ts';

export interface ConnectionRow {
  total: number;
  active: number;
  idle: number;
  idleInTransaction: number;
  usable: number;
  /** Who has the most connections, and how many. */
  topClient: string | null;
  topCount: number | null;
}

/** Clients, never background workers, against the connections that ordinary roles may open. */
export const CONNECTIONS_SQL = `
  WITH clients AS MATERIALIZED (
    SELECT state, concat_ws(' as ', nullif(application_name, ''), usename) AS client
    FROM pg_stat_activity WHERE backend_type = 'client backend'
  )
  SELECT count(*) AS total,
         count(*) FILTER (WHERE state = 'active') AS active,
         count(*) FILTER (WHERE state = 'idle') AS idle,
         count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS "idleInTransaction",
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0) AS usable,
         (SELECT client FROM clients GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1) AS "topClient",
         (SELECT count(*) FROM clients GROUP BY client ORDER BY 1 DESC LIMIT 1) AS "topCount"
  FROM clients`;

/** Ends the sessions that have done nothing for five minutes. */
export const END_IDLE_SESSIONS =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'idle' AND state_change < now() - interval '5 minutes' AND pid <> pg_backend_pid();";

/** How many of the usable connections are taken. */
export const connections = queryProbe<ConnectionRow>({
  name: 'connections',
  needsAllStatistics: true,
  sql: () => CONNECTIONS_SQL,
  judge: ([row], { thresholds }: ProbeContext) => {
    const used = row ? row.total / row.usable : 0;
    if (!row || used < thresholds.connections) return [];
    const most = row.topClient ? ` ${row.topClient} has ${row.topCount}.` : '';
    return [
      {
        code: 'connections',
        severity: used >= thresholds.connections_critical ? 'critical' : 'warning',
        object: 'connections',
        message: `${row.total} of ${row.usable} usable connections are taken (${percent(used)}): ${row.active} active, ${row.idle} idle, ${row.idleInTransaction} idle in transaction.${most}`,
        fix: END_IDLE_SESSIONS,
      },
    ];
  },
});
