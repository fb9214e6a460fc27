import type { MonitoredDatabase } from './monitored-database.ts';

/** What probes must know about a server before they ask it anything. */
export interface ServerFacts {
  /** As in `server_version_num`: 150020. */
  version: number;
  database: string;
  /** The role that we are. */
  role: string;
  standby: boolean;
  /** Whether the statistics of other roles can be seen (`pg_monitor`). */
  readsAllStatistics: boolean;
  /** The schemas of extensions, quoted; null when the extension is not installed. */
  statementsSchema: string | null;
  tupleSchema: string | null;
  hypopgSchema: string | null;
  /** `shared_preload_libraries`; null when we may not see it. */
  preloaded: string | null;
  /** Seconds that the statistics surely cover. */
  statisticsAge: number;
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS version,
         current_database() AS database,
         current_user AS role,
         pg_is_in_recovery() AS standby,
         pg_has_role('pg_read_all_stats', 'USAGE') AS "readsAllStatistics",
         (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE e.extname = 'pg_stat_statements') AS "statementsSchema",
         (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE e.extname = 'pgstattuple') AS "tupleSchema",
         (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
          WHERE e.extname = 'hypopg') AS "hypopgSchema",
         CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
              THEN current_setting('shared_preload_libraries') END AS preloaded,
         (SELECT extract(epoch FROM now() - coalesce(d.stats_reset, pg_postmaster_start_time()))::float8
          FROM pg_stat_database d WHERE d.datname = current_database()) AS "statisticsAge"`;

/** Asks a server who it is and who we are there. */
export async function readServerFacts(db: MonitoredDatabase): Promise<ServerFacts> {
  const [facts] = await db.query<ServerFacts>(FACTS);
  if (!facts) throw new Error('The server did not say who it is.');
  return facts;
}
