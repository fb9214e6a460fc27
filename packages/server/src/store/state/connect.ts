import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { Db, Queryable, SqlValue } from '../../lib/db.ts';
import type { Log } from '../../lib/log.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { asStateError } from './state-error.ts';

export interface StateOptions {
  log: Log;
  /** Default 20. */
  maxConnections?: number;
}

/** The state store with its connections. */
export interface StateStore extends Db {
  /** For libraries that bring their own queries, such as the console's accounts. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** Milliseconds to wait for a connection. */
const CONNECT_LIMIT = 10_000;
/** Connections whose statements are planned once; they come out of the whole number. */
const PREPARED_CONNECTIONS = 8;
/** Plans outlive the time when the tables were small: they go by indexes from the beginning. */
const PREPARED_SETTINGS = 'SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan';

/**
 * Opens the state store; connections are made when they are needed. Nothing is retried here: the caller knows
 * whether a repetition is safe. 64-bit integers arrive as numbers, timestamps as `Date`.
 */
export function connectState(url: string, { log, maxConnections = 20 }: StateOptions): StateStore {
  const preparedConnections = Math.min(PREPARED_CONNECTIONS, Math.max(1, Math.floor(maxConnections / 2)));
  const pool = openPool(url, log, Math.max(1, maxConnections - preparedConnections));
  let prepared: { pool: pg.Pool; db: Db } | undefined;
  const prepare = () => {
    const own = openPool(url, log, preparedConnections, async (client) => {
      await client.query(PREPARED_SETTINGS);
    });
    return { pool: own, db: dbOn(own, new PreparedStatements()) };
  };
  return {
    ...dbOn(pool),
    pool,
    prepared() {
      prepared ??= prepare();
      return prepared.db;
    },
    async close() {
      await Promise.all([pool.end(), prepared?.pool.end()]);
    },
  };
}

function openPool(url: string, log: Log, max: number, onConnect?: (client: pg.ClientBase) => Promise<void>): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: 'yumops',
    connectionTimeoutMillis: CONNECT_LIMIT,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
    // Statements that do not depend on one another's answers share a round trip.
    pipeline: true,
    types: { getTypeParser: typeParser },
    ...(onConnect && { onConnect }),
  });
  const lost = (error: Error) => log.debug('A connection to the state store ended', { reason: error.message });
  pool.on('error', lost);
  // A client that is checked out reports its loss on itself; without a listener the process would end.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}

function dbOn(pool: pg.Pool, prepared?: PreparedStatements): Db {
  const again = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!prepared?.isOutdated(error)) throw error;
      return work();
    }
  };
  return {
    query: (sql, values) => again(() => run(pool, sql, values, prepared)),
    transaction: (work) => again(() => transaction(pool, work, prepared)),
  };
}

async function run<Row>(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  values?: readonly SqlValue[],
  prepared?: PreparedStatements,
): Promise<Row[]> {
  try {
    const bound = values as unknown[] | undefined;
    const result = await (prepared && bound ? on.query(prepared.of(sql, bound)) : on.query(sql, bound));
    return result.rows as Row[];
  } catch (error) {
    throw asStateError(error);
  }
}

async function transaction<T>(
  pool: pg.Pool,
  work: (tx: Queryable) => Promise<T>,
  prepared?: PreparedStatements,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asStateError(error);
  });
  let over = false;
  let failure: unknown;
  const out = new Set<Promise<unknown>>();
  const send = <Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]> => {
    if (over) return Promise.reject(new Error('The transaction is over.'));
    gather(client);
    const answer = run<Row>(client, sql, values, prepared);
    const noted: Promise<unknown> = answer
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => out.delete(noted));
    out.add(noted);
    return answer;
  };
  let broken: Error | undefined;
  try {
    void send('BEGIN');
    const result = await work({ query: send });
    // After a failed statement this rolls back.
    const committed = send('COMMIT');
    over = true;
    await committed;
    await Promise.all(out);
    if (failure !== undefined) throw failure;
    return result;
  } catch (error) {
    over = true;
    // A connection that cannot even roll back is not used again.
    await run(client, 'ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

const INT8 = 20;

/** Has what is sent at one time leave in one packet. */
function gather(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Counts and milliseconds fit a double; `numeric` stays text. */
function typeParser(id: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (id === INT8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(id, format as 'text') as (value: string) => unknown;
}
