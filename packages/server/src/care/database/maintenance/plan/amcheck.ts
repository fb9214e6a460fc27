import { codeOf, messageOf } from '../../../../lib/errors.ts';
import { quoteName } from '../../../../lib/sql-quote.ts';
import type { MonitoredDatabase } from '../../monitored-database.ts';
import { ownSchema } from '../../probe.ts';
import { formatBytes, formatCount } from '../../units.ts';
import { done, failed, type MaintenanceAction, type Outcome, type Planner, skipped, type Worksite } from '../action.ts';
import { waitUntilCalm } from '../run/calm.ts';
import { limitsOf, reasonOf, withLockRetries } from '../run/execute.ts';

/** A btree index that can be verified. */
interface VerifiableIndex {
  id: number;
  index: string;
  table: string;
  bytes: number;
}

interface Extension {
  /** Quoted; null when amcheck is not installed. */
  schema: string | null;
  available: boolean;
  allowed: boolean;
}

const EXTENSION = `
  SELECT quote_ident(n.nspname) AS schema,
         EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck') AS available,
         coalesce((SELECT has_function_privilege(p.oid, 'EXECUTE') FROM pg_proc p
                   WHERE p.pronamespace = n.oid AND p.proname = 'bt_index_check' AND p.pronargs = 2), false) AS allowed
  FROM (SELECT 1) one LEFT JOIN pg_extension e ON e.extname = 'amcheck' LEFT JOIN pg_namespace n ON n.oid = e.extnamespace`;

/** The smallest first: what is damaged is found soonest. */
const INDEXES = (own: string) => `
  SELECT c.oid::bigint AS id, format('%I.%I', n.nspname, c.relname) AS index, i.indrelid::regclass::text AS table,
         coalesce(pg_relation_size(c.oid), 0)::float8 AS bytes
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready AND ${own}
  ORDER BY 4, 2`;

const LIMIT = { timeout: 60_000 };
/** Indexes between two looks at the load. */
const LOOK_EVERY = 20;
/** What Postgres says of damaged pages: data_corrupted, index_corrupted. */
const CORRUPT = new Set(['XX001', 'XX002']);

/** Reads one index from end to end, under the weakest lock that there is. Null = it is in order. */
async function verify(site: Worksite, schema: string, { id, index }: VerifiableIndex): Promise<string | null> {
  const sql = `SELECT /* yumops */ ${schema}.bt_index_check(${id}::oid::regclass, false)`;
  try {
    await withLockRetries(site, () => site.db.execute(sql, limitsOf(site)));
    return null;
  } catch (error) {
    if (CORRUPT.has(codeOf(error) ?? '')) return messageOf(error);
    if (await isGone(site.db, id)) return null;
    throw new Error(`${index} could not be verified: ${reasonOf(error)}`, { cause: error });
  }
}

async function isGone(db: MonitoredDatabase, id: number): Promise<boolean> {
  const [row] = await db.query<{ gone: boolean }>(`SELECT NOT EXISTS (SELECT FROM pg_class WHERE oid = ${id}) AS gone`);
  return row?.gone === true;
}

function tell(site: Worksite, { index, table }: VerifiableIndex, damage: string): void {
  site.report({
    task: 'amcheck',
    object: index,
    statement: `REINDEX INDEX CONCURRENTLY ${index};`,
    reason: `amcheck found the index of ${table} damaged`,
    before: null,
    ...failed(
      `${damage}. Queries that use it may miss rows. Look for the cause (disk, memory, a collation that changed), then rebuild it.`,
    ),
  });
}

async function verifyAll(site: Worksite, schema: string, indexes: readonly VerifiableIndex[]): Promise<Outcome> {
  const counts = { indexes: 0, corrupt: 0, notVerified: 0 };
  let why: string | null = null;
  let read = 0;
  const all = indexes.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const [place, index] of indexes.entries()) {
    site.signal.throwIfAborted();
    if (place > 0 && place % LOOK_EVERY === 0) {
      const busy = await waitUntilCalm(site);
      if (busy !== null) {
        counts.notVerified = indexes.length - place;
        return { ...skipped(`It was broken off: ${busy}.`), after: counts };
      }
    }
    try {
      const damage = await verify(site, schema, index);
      counts.indexes++;
      if (damage !== null) {
        counts.corrupt++;
        tell(site, index, damage);
      }
    } catch (error) {
      site.signal.throwIfAborted();
      counts.notVerified++;
      why ??= messageOf(error);
    }
    read += index.bytes;
    site.progress(all === 0 ? 1 : read / all);
  }
  return why === null ? done(counts) : failed(why, counts);
}

function impossible(statement: string, error: string): MaintenanceAction {
  return {
    task: 'amcheck',
    object: 'btree indexes',
    statement,
    reason: 'whether indexes are damaged is not known',
    before: null,
    perform: async () => failed(error),
  };
}

/**
 * Verifies every btree index with the extension amcheck: one action, in which each damaged index becomes a failed one of its
 * own. Where amcheck is not installed that is said only to those who ask for this task alone.
 */
export const planAmcheck: Planner = async ({ db, server, settings, alone }) => {
  const [extension] = await db.query<Extension>(EXTENSION);
  if (!extension?.schema) {
    if (!alone) return [];
    const error = extension?.available
      ? 'The extension amcheck is not installed; the statement does it, as a superuser.'
      : 'The extension amcheck is not on this server.';
    return [impossible('CREATE EXTENSION IF NOT EXISTS amcheck;', error)];
  }
  const { schema } = extension;
  if (!extension.allowed) {
    const statement = `GRANT EXECUTE ON FUNCTION ${schema}.bt_index_check(regclass, boolean) TO ${quoteName(server.role)};`;
    return [impossible(statement, `The role "${server.role}" may not run bt_index_check.`)];
  }
  const indexes = await db.query<VerifiableIndex>(INDEXES(ownSchema('n.nspname', settings.profile)), LIMIT);
  if (indexes.length === 0) return [];
  const bytes = indexes.reduce((sum, index) => sum + index.bytes, 0);
  return [
    {
      task: 'amcheck',
      object: `${formatCount(indexes.length)} btree indexes`,
      statement: `SELECT ${schema}.bt_index_check(c.oid, false) FROM pg_class c JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p';`,
      reason: `damage shows only when somebody looks: ${formatBytes(bytes)} are read, each index under the weakest lock`,
      before: { indexes: indexes.length, bytes },
      perform: (site) => verifyAll(site, schema, indexes),
    },
  ];
};
