import type { MonitoredDatabase } from '../monitored-database.ts';
import { CONNECTIONS_SQL, type ConnectionRow } from '../probes/connections.ts';
import { readServerFacts } from '../server-facts.ts';

/** How a database is used at the moment. */
export interface DatabaseLevels {
  /** Blocks found in memory, and read, since the statistics began; null = none was counted. */
  blocks: { hit: number; read: number } | null;
  /** Connections taken, of those that ordinary roles may take; null = not all sessions can be seen. */
  connections: { used: number; usable: number } | null;
}

const BLOCKS_SQL =
  'SELECT blks_hit::float8 AS hit, blks_read::float8 AS read FROM pg_stat_database WHERE datname = current_database()';

/** Reads the use of memory and the connections of a database. */
export async function readLevels(db: MonitoredDatabase): Promise<DatabaseLevels> {
  const [blocks] = await db.query<{ hit: number; read: number }>(BLOCKS_SQL);
  const { readsAllStatistics } = await readServerFacts(db);
  const [sessions] = readsAllStatistics ? await db.query<ConnectionRow>(CONNECTIONS_SQL) : [];
  return {
    blocks: blocks ?? null,
    connections: sessions ? { used: sessions.total, usable: sessions.usable } : null,
  };
}
