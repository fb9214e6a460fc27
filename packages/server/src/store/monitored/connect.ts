import pg from 'pg';
import type { AdministeredDatabase, ProbeLimits } from '../../care/database/index.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { asDatabaseError, unavailable } from './database-error.ts';

/** An open connection to a database of the operator. */
export interface DatabaseConnection extends AdministeredDatabase {
  close(): Promise<void>;
}

/** Milliseconds to wait for a connection, and for one probe. */
const CONNECT_LIMIT = 10_000;
const PROBE_LIMIT = 5_000;
/** Milliseconds that we stand in a queue for a lock, and so at most hold up those behind us. */
const LOCK_LIMIT = 500;
/** Milliseconds for the objects of an installation. */
const APPLY_LIMIT = 60_000;

/**
 * Opens one connection. Every statement brings its settings along in its own transaction: behind a pooler that hands
 * out server connections by transaction, a setting of the session would fall to the application.
 * @param name how errors call the database
 * @throws YumOpsError `database_unavailable`, `too_many_connections`
 */
export async function connectMonitored(name: string, url: string): Promise<DatabaseConnection> {
  const client = await openSession(name, url);
  return {
    query: (sql, limits) => read(client, name, sql, limits),
    apply: (script) => apply(client, name, script),
    close: () => client.end().catch(() => undefined),
  };
}

/** Opens a session. @throws YumOpsError `database_unavailable`, `too_many_connections` */
export async function openSession(name: string, url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'yumops',
    connectionTimeoutMillis: CONNECT_LIMIT,
    keepAlive: true,
    types: { getTypeParser: typeParser },
  });
  // A lost connection is reported by the next statement; without a listener the process would end.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const told = asDatabaseError(name, error);
    // Poolers refuse with codes of their own.
    throw told instanceof YumOpsError ? told : unavailable(name, error);
  }
  return client;
}

const WITHOUT_INDEXES = ['indexscan', 'indexonlyscan', 'bitmapscan'].map((way) => `SET LOCAL enable_${way} = off`);

/**
 * Marks a statement as ours, behind its first word: comments before a statement are not kept with it everywhere.
 */
export function marked(sql: string): string {
  return sql.trim().replace(/^\w+/, (word) => `${word} /* yumops */`);
}

/** Runs one statement in a read-only transaction of its own, under limits of time. */
export async function read<Row>(
  client: pg.Client,
  name: string,
  sql: string,
  limits: ProbeLimits = {},
): Promise<Row[]> {
  const settings = [
    'BEGIN READ ONLY',
    `SET LOCAL statement_timeout = ${limits.timeout ?? PROBE_LIMIT}`,
    `SET LOCAL lock_timeout = ${LOCK_LIMIT}`,
    ...(limits.ownNames
      ? ["SET LOCAL plan_cache_mode = 'force_generic_plan'"]
      : ['SET LOCAL search_path = pg_catalog']),
    'SET LOCAL jit = off',
    ...(limits.withoutIndexes ? WITHOUT_INDEXES : []),
  ];
  try {
    const results = await client.query([...settings, marked(sql), 'COMMIT'].join(';\n'));
    // The text may be several statements, of which one gives rows.
    const answers = (results as unknown as pg.QueryResult[]).slice(settings.length);
    return (answers.find(({ fields }) => fields.length > 0)?.rows ?? []) as Row[];
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw asDatabaseError(name, error);
  }
}

async function apply(client: pg.Client, name: string, script: string): Promise<string[]> {
  try {
    return await hearing(client, async () => {
      await client.query(`BEGIN; SET LOCAL statement_timeout = ${APPLY_LIMIT}; SET LOCAL lock_timeout = 5000`);
      await client.query(script);
      await client.query('COMMIT');
    });
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw asDatabaseError(name, error);
  }
}

/** Runs work on a session. @returns the notices of the server meanwhile, as `WARNING: …` */
export async function hearing(client: pg.Client, work: () => Promise<unknown>): Promise<string[]> {
  const notices: string[] = [];
  const hear = ({ severity, message }: { severity?: string | undefined; message?: string | undefined }) => {
    notices.push(`${severity}: ${message}`);
  };
  client.on('notice', hear);
  try {
    await work();
    return notices;
  } finally {
    client.off('notice', hear);
  }
}

const INT8 = 20;

/** Counts and sizes fit a double. */
function typeParser(id: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (id === INT8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(id, format as 'text') as (value: string) => unknown;
}
