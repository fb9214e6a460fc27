import type { MonitoredDatabase } from '../monitored-database.ts';
import { FOREIGN } from '../probes/statements.ts';
import type { ServerFacts } from '../server-facts.ts';
import type { StatementCounter } from './statement-deltas.ts';

/** Statements that are followed; those that take the most time. */
const FOLLOWED = 2_000;

const SQL = (schema: string, version: number) => `
  SELECT concat_ws('/', s.dbid, s.userid, s.toplevel, s.queryid) AS key, s.queryid::text AS id,
         left(s.query, 1000) AS query, s.calls::float8 AS calls, s.rows::float8 AS rows, s.total_exec_time AS total,
         s.calls * (s.stddev_exec_time * s.stddev_exec_time + s.mean_exec_time * s.mean_exec_time) AS squares,
         ${version >= 170_000 ? 's.stats_since::text' : 'NULL'} AS since
  FROM ${schema}.pg_stat_statements s
  WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.toplevel
    AND s.queryid IS NOT NULL AND ${FOREIGN}
  ORDER BY s.total_exec_time DESC LIMIT ${FOLLOWED}`;

/** The counters of every statement that is followed; none where they cannot be read. */
export async function readCounters(db: MonitoredDatabase, server: ServerFacts): Promise<StatementCounter[]> {
  if (server.statementsSchema === null || !server.readsAllStatistics) return [];
  return db.query<StatementCounter>(SQL(server.statementsSchema, server.version));
}
