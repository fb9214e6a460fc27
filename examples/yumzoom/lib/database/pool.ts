import 'server-only';
import { registerPool } from '@yumops/node';
import { traceQueries } from '@yumops/node/pg';
import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { config } from '@/lib/config';
import { leakConnectionsOf } from '@/lib/faults/connection-leak';
import { failIfErrorBurst } from '@/lib/faults/error-burst';
import { once } from '@/lib/once';

/** The site's connections. More than ten would only queue inside Postgres. */
export function pool(): Pool {
  return once('pool', () => {
    const created = new Pool({
      connectionString: config.databaseUrl(),
      max: 10,
      connectionTimeoutMillis: 10_000,
      application_name: 'yumzoom',
    });
    // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
    created.on('error', () => undefined);
    traceQueries(created);
    registerPool('main', created);
    leakConnectionsOf(created);
    return created;
  });
}

/** Runs one statement and returns its rows. */
export async function query<Row extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
  failIfErrorBurst();
  return (await pool().query<Row>(sql, values)).rows;
}

/** Runs `work` in a transaction: committed when it returns, rolled back when it throws. */
export async function transaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  failIfErrorBurst();
  const client = await pool().connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // A client whose rollback fails is broken and must not return to the pool.
    await client.query('ROLLBACK').then(
      () => client.release(),
      (broken: Error) => client.release(broken),
    );
    throw error;
  }
}
