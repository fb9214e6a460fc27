import 'server-only';
import { Client, type QueryResultRow } from 'pg';
import { config } from '@/lib/config';
import { logger } from '@/lib/logging/logger';

const SLOW_QUERY_MS = 1000;
const BUSY_CONNECTIONS_PERCENT = 80;
const LARGE_TABLE_MB = 1000;

/** Looks after the database with the monitoring functions, as a role that sees statistics and no rows. */
export class DatabaseMonitor {
  /** One look: what is wrong becomes a log record, and so does a look that failed. */
  async monitorQueryPerformance(): Promise<void> {
    const client = new Client({
      connectionString: config.monitorDatabaseUrl(),
      application_name: 'yumzoom monitor',
      connectionTimeoutMillis: 5000,
    });
    try {
      await client.connect();
      await this.#slowQueries(client);
      await this.#connections(client);
      await this.#largeTables(client);
      await this.#unusedIndexes(client);
    } catch (error) {
      logger.error('Database monitoring failed: the state of the database is unknown', error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #slowQueries(client: Client): Promise<void> {
    const queries = await rows(client, 'SELECT * FROM get_slow_queries($1, 10)', [SLOW_QUERY_MS]);
    if (queries.length > 0) logger.warn('Slow queries detected', { count: queries.length, queries });
  }

  async #connections(client: Client): Promise<void> {
    const [row] = await rows<{ stats: { usage_percent: number } }>(client, 'SELECT get_connection_stats() AS stats');
    if (!row) throw new Error('get_connection_stats returned no row');
    if (row.stats.usage_percent > BUSY_CONNECTIONS_PERCENT) logger.warn('High database connection usage', row.stats);
  }

  async #largeTables(client: Client): Promise<void> {
    const sql = 'SELECT * FROM get_table_sizes() WHERE size_mb > $1';
    const tables = await rows(client, sql, [LARGE_TABLE_MB]);
    if (tables.length > 0) logger.info('Large tables detected', { tables });
  }

  async #unusedIndexes(client: Client): Promise<void> {
    const indexes = await rows(client, 'SELECT * FROM get_unused_indexes()');
    if (indexes.length > 0) logger.info('Unused indexes found', { indexes });
  }
}

async function rows<Row extends QueryResultRow>(client: Client, sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await client.query<Row>(sql, values)).rows;
}
