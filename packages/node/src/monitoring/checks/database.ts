import { type CheckDefinition, gradeBelow } from '../health-check.ts';

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
}

export interface DatabaseCheckOptions {
  pool: PgPool;
  /** A query that stands for the application's work; default `select 1`. */
  query?: string | { text: string; values: unknown[] };
  /** Table of the write test, with `id`, `last_check` and `status`; false leaves the write test out. */
  table?: string | false;
  /** Time limit in milliseconds, default 5,000. */
  timeout?: number;
}

const LIMITS = [500, 1000] as const;

const quoteName = (name: string) =>
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

/** Connects, writes a row to `health_check` and runs one representative query: healthy under 500 ms, degraded under 1,000 ms. */
export function databaseCheck(options: DatabaseCheckOptions): CheckDefinition {
  const { pool, timeout = 5000 } = options;
  return {
    name: 'database',
    critical: true,
    timeout,
    async run(signal) {
      const startedAt = performance.now();
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
        await exercise(client, options);
      } finally {
        signal.removeEventListener('abort', onAbort);
        release(signal.aborted);
      }
      const took = performance.now() - startedAt;
      const { totalCount, idleCount, waitingCount } = pool;
      const connectionPool =
        totalCount === undefined ? 'active' : { total: totalCount, idle: idleCount, waiting: waitingCount };
      return {
        status: gradeBelow(took, LIMITS),
        details: { connectionPool, queryPerformance: took < LIMITS[0] ? 'good' : 'slow' },
      };
    },
  };
}
