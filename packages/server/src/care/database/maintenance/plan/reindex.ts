import { codeOf } from '../../../../lib/errors.ts';
import { quoteName, quoteText } from '../../../../lib/sql-quote.ts';
import { readDiskSpace } from '../../monitor/disk-space.ts';
import type { MonitoredDatabase } from '../../monitored-database.ts';
import { bloatedIndexes } from '../../probes/bloat.ts';
import { dropOf, type InvalidIndexRow, isLeftover, readInvalidIndexes } from '../../probes/invalid-indexes.ts';
import { formatBytes, percent } from '../../units.ts';
import {
  done,
  type Evidence,
  failed,
  type MaintenanceAction,
  type Outcome,
  type PlanContext,
  type Planner,
  skipped,
  type Worksite,
} from '../action.ts';
import { waitUntilCalm } from '../run/calm.ts';
import { execute, reasonOf, withLockRetries } from '../run/execute.ts';

/** Room that a rebuild needs beside the old index. */
const ROOM = 1.2;
/** The locks of a session that was killed are gone a moment after its connection. */
const AFTER_LOSS_MS = 500;
const SWEEP_AGAIN_MS = 1_000;
const INSUFFICIENT_PRIVILEGE = '42501';

async function sizeOf(db: MonitoredDatabase, index: string): Promise<Evidence> {
  const [row] = await db.query<{ bytes: number | null }>(
    `SELECT pg_relation_size(to_regclass(${quoteText(index)}))::float8 AS bytes`,
  );
  return { bytes: row?.bytes ?? null };
}

/** Drops what unfinished rebuilds left behind, on one table or on all, also when the run is being stopped. */
async function dropLeftovers(site: Worksite, table: string | null): Promise<void> {
  const undisturbed = { ...site, signal: new AbortController().signal };
  const invalid = await readInvalidIndexes(site.db, site.settings.profile);
  for (const row of invalid.filter((one) => (table === null || one.table === table) && isLeftover(one))) {
    await execute(undisturbed, dropOf(row));
  }
}

/**
 * Drops at the end of a run what could not be dropped before, because a transaction kept it locked.
 * @param patience milliseconds for which it is tried again
 * @returns what is still there, with the reason why
 */
export async function sweepLeftovers(site: Worksite, patience: number): Promise<MaintenanceAction[]> {
  const end = site.clock.monotonic() + patience;
  for (;;) {
    try {
      await dropLeftovers(site, null);
      return [];
    } catch (error) {
      if (site.clock.monotonic() >= end) {
        const rest = (await readInvalidIndexes(site.db, site.settings.profile)).filter(isLeftover);
        return rest.map((row) => ({ ...dropLeftover(row), perform: async () => failed(reasonOf(error)) }));
      }
      await site.clock.sleep(SWEEP_AGAIN_MS);
    }
  }
}

/** Rebuilds one index beside the old one. What a failed attempt leaves behind goes at once, or at the end of the run. */
async function rebuild(site: Worksite, index: string, table: string): Promise<Outcome> {
  const old = await waitUntilCalm(site, { withoutOldTransactions: true });
  if (old !== null) return skipped(`It was left out: ${old}.`);
  const { bytes } = await sizeOf(site.db, index);
  const { free } = await readDiskSpace(site.db, site.settings.capacity);
  if (typeof bytes === 'number' && free !== null && free < bytes * ROOM) {
    return failed(`There is no room: the index takes ${formatBytes(bytes)}, and ${formatBytes(free)} are free.`);
  }
  const once = { ...site, settings: { ...site.settings, lockRetries: 0 } };
  const attempt = async () => {
    try {
      await execute(once, `REINDEX INDEX CONCURRENTLY ${index};`);
    } catch (error) {
      if (codeOf(error) === 'database_unavailable') await site.clock.sleep(AFTER_LOSS_MS);
      // A second attempt beside what the first one left would leave more.
      const swept = await dropLeftovers(once, table)
        .then(() => true)
        .catch(() => false);
      throw swept ? error : new Error(reasonOf(error), { cause: error });
    }
  };
  try {
    await withLockRetries(site, attempt);
  } catch (error) {
    return failed(reasonOf(error), await sizeOf(site.db, index));
  }
  return done(await sizeOf(site.db, index));
}

function dropLeftover(row: InvalidIndexRow): MaintenanceAction {
  const statement = dropOf(row);
  return {
    task: 'reindex',
    object: row.index,
    statement,
    reason: `a rebuild of an index of ${row.table} did not finish and left it behind`,
    before: null,
    async perform(site) {
      await execute(site, statement);
      return done();
    },
  };
}

function rebuildInvalid({ index, table }: InvalidIndexRow): MaintenanceAction {
  return {
    task: 'reindex',
    object: index,
    statement: `REINDEX INDEX CONCURRENTLY ${index};`,
    reason: 'it is not valid: building it failed, no query uses it, and every write pays for it',
    before: null,
    perform: (site) => rebuild(site, index, table),
  };
}

async function planBloated({ db, server, settings }: PlanContext): Promise<MaintenanceAction[]> {
  const bloated = await bloatedIndexes(db, { ...settings, server });
  return bloated.map(({ relation, table, bytes, waste }) => ({
    task: 'reindex',
    object: relation,
    statement: `REINDEX INDEX CONCURRENTLY ${relation};`,
    reason: `${percent(waste.share)} of its ${formatBytes(bytes)} are empty (${waste.how})`,
    before: { bytes, bloat: Math.round(waste.share * 1_000) / 1_000 },
    perform: (site) => rebuild(site, relation, table),
  }));
}

interface Request {
  id: number;
  table: string;
  by: string;
  indexes: string[];
  bytes: number;
}

/** The requests that `reindex_table` recorded, where the operations functions are installed. */
async function readRequests(db: MonitoredDatabase): Promise<Request[]> {
  const [known] = await db.query<{ known: boolean }>(
    "SELECT to_regclass('public.maintenance_requests') IS NOT NULL AS known",
  );
  if (!known?.known) return [];
  return db.query<Request>(`
    SELECT r.id, c.oid::regclass::text AS table, r.requested_by AS by, coalesce(sum(pg_relation_size(i.indexrelid)), 0)::float8 AS bytes,
           coalesce(array_agg(i.indexrelid::regclass::text ORDER BY i.indexrelid) FILTER (WHERE i.indexrelid IS NOT NULL), '{}') AS indexes
    FROM public.maintenance_requests r
    JOIN pg_namespace n ON n.nspname = r.schema_name
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = r.table_name
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND NOT i.indisexclusion AND i.indisvalid
    WHERE r.task = 'reindex' AND r.finished_at IS NULL
    GROUP BY r.id, c.oid, r.requested_by ORDER BY r.id`);
}

async function fulfil(site: Worksite, { id, table, indexes }: Request): Promise<Outcome> {
  const limits = { lock: site.settings.lockTimeout, statement: 10_000 };
  const mark = (sql: string, error: string | null = null) =>
    site.db.change(
      (tx) =>
        tx.query(`UPDATE public.maintenance_requests SET ${sql} WHERE id = $1`, error === null ? [id] : [id, error]),
      limits,
    );
  await mark('started_at = now()');
  let bytes = 0;
  for (const [place, index] of indexes.entries()) {
    site.progress(place / indexes.length);
    const outcome = await rebuild(site, index, table);
    if (outcome.status === 'skipped') return outcome;
    if (outcome.status === 'failed') {
      await mark('finished_at = now(), error = $2', `${index}: ${outcome.error}`);
      return failed(`${index}: ${outcome.error}`);
    }
    bytes += Number(outcome.after?.bytes ?? 0);
  }
  await mark('finished_at = now()');
  return done({ bytes });
}

async function planRequested({ db, server }: PlanContext): Promise<MaintenanceAction[]> {
  try {
    return (await readRequests(db)).map((request) => ({
      task: 'reindex',
      object: request.table,
      statement: request.indexes.map((index) => `REINDEX INDEX CONCURRENTLY ${index};`).join(' '),
      reason: `${request.by} asked for it with reindex_table`,
      before: { bytes: request.bytes, indexes: request.indexes.length },
      perform: (site) => fulfil(site, request),
    }));
  } catch (error) {
    if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    const statement = `GRANT SELECT, UPDATE ON public.maintenance_requests TO ${quoteName(server.role)};`;
    return [
      {
        ...{ task: 'reindex', object: 'public.maintenance_requests', statement, before: null },
        reason: 'what was asked for with reindex_table is not known',
        perform: async () => failed(`The role "${server.role}" may not read it; the statement lets it.`),
      },
    ];
  }
}

/**
 * What is to be rebuilt: leftovers go, then indexes that are not valid, those that were asked for and those that are
 * mostly empty. Each on its own, beside the old one, in a session that does nothing else.
 */
export const planReindex: Planner = async (context) => {
  const invalid = await readInvalidIndexes(context.db, context.settings.profile);
  const leftovers = invalid.filter(isLeftover);
  const broken = invalid.filter((row) => !isLeftover(row) && !row.partitioned);
  return [
    ...leftovers.map(dropLeftover),
    ...broken.map(rebuildInvalid),
    ...(await planRequested(context)),
    ...(await planBloated(context)),
  ];
};
