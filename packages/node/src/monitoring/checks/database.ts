import { type CheckDefinition, gradeBelow, type HealthStatus, type Measurement, worstOf } from '../health-check.ts';

/** The part of a `pg` client that the check uses. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<unknown>;
  release(destroy?: boolean | Error): void;
}

/** The part of a `pg` pool that the check uses. */
export interface PgPool {
  connect(): Promise<PgClient>;
  totalCount?: number;
  idleCount?: number;
  waitingCount?: number;
  options?: { max?: number };
}

export interface DatabaseCheckOptions {
  pool: PgPool;
  /** A query that stands for the application's work; default `select 1`. */
  query?: string | { text: string; values: unknown[] };
  /** Table of the write test, with `id`, `last_check` and `status`; default `health_check`, false leaves the write test out. */
  table?: string | false;
  /** Queries that wait for a connection, from which on it is degraded; default 1. */
  waiting?: number;
  /** Time limit in milliseconds, default 5,000. */
  timeout?: number;
}

const LIMITS = [500, 1000] as const;

/** An SQL name, its schema before a dot. */
export const quoteName = (name: string) =>
  name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');

async function connect(pool: PgPool, signal: AbortSignal): Promise<PgClient> {
  const client = await pool.connect();
  if (signal.aborted) {
    client.release();
    throw signal.reason;
  }
  return client;
}

async function exercise(
  client: PgClient,
  { table = 'health_check', query = 'select 1' }: DatabaseCheckOptions,
): Promise<void> {
  if (table !== false) {
    await client.query(
      `insert into ${quoteName(table)} (id, last_check, status) values ('health-monitor', now(), 'healthy') ` +
        'on conflict (id) do update set last_check = excluded.last_check, status = excluded.status',
    );
  }
  const { text, values } = typeof query === 'string' ? { text: query, values: [] } : query;
  await client.query(text, values);
}

/** How much of the pool is in use, and how many wait. A queue is degraded: each query waits for another's end. */
function poolUse({ pool, waiting: limit = 1 }: DatabaseCheckOptions): {
  status: HealthStatus;
  measurements: Record<string, Measurement>;
} {
  const { totalCount, idleCount = 0, waitingCount = 0, options } = pool;
  if (totalCount === undefined) return { status: 'healthy', measurements: {} };
  const unit = 'connections';
  return {
    status: waitingCount >= limit ? 'degraded' : 'healthy',
    measurements: {
      poolInUse: { value: totalCount - idleCount, unit },
      poolWaiting: { value: waitingCount, unit },
      ...(options?.max === undefined ? {} : { poolSize: { value: options.max, unit } }),
    },
  };
}

/** Runs work with a connection of the pool; one that hangs when the time is up is thrown away. */
async function withClient(
  pool: PgPool,
  signal: AbortSignal,
  work: (client: PgClient) => Promise<unknown>,
): Promise<void> {
  const client = await connect(pool, signal);
  let released = false;
  const release = (destroy: boolean) => {
    if (!released) {
      released = true;
      client.release(destroy);
    }
  };
  const onAbort = () => release(true);
  signal.addEventListener('abort', onAbort);
  try {
    await work(client);
  } finally {
    signal.removeEventListener('abort', onAbort);
    release(signal.aborted);
  }
}

/** Connects, writes a row to `health_check` and runs one representative query: healthy under 500 ms, degraded under 1,000 ms. */
export function databaseCheck(options: DatabaseCheckOptions): CheckDefinition {
  const { pool, timeout = 5000 } = options;
  return {
    name: 'database',
    critical: true,
    componentType: 'datastore',
    timeout,
    async run(signal) {
      const startedAt = performance.now();
      // Before the check itself takes a connection.
      const use = poolUse(options);
      await withClient(pool, signal, (client) => exercise(client, options));
      const took = performance.now() - startedAt;
      const { totalCount, idleCount, waitingCount } = pool;
      const connectionPool =
        totalCount === undefined ? 'active' : { total: totalCount, idle: idleCount, waiting: waitingCount };
      return {
        status: worstOf([gradeBelow(took, LIMITS), use.status]),
        details: { connectionPool, queryPerformance: took < LIMITS[0] ? 'good' : 'slow' },
        measurements: use.measurements,
      };
    },
  };
}

/** `SELECT 1` on the application's own pool, and the pool's use and queue; writes nothing. */
export function postgresCheck(
  options: Omit<DatabaseCheckOptions, 'table'> & Partial<Pick<CheckDefinition, 'name' | 'critical'>>,
): CheckDefinition {
  const { name = 'postgres', critical = true } = options;
  return { ...databaseCheck({ ...options, table: false }), name, critical };
}
