import type { Queryable } from '../../../../lib/db.ts';
import { quoteName, quoteText } from '../../../../lib/sql-quote.ts';
import { done, type Evidence, failed, type Outcome, type Worksite } from '../action.ts';
import { type FileEnd, removeFile } from '../plan/files.ts';
import type { ExpiredRows } from '../plan/retention.ts';
import { waitUntilCalm } from './calm.ts';
import { limitsOf, reasonOf, withLockRetries } from './execute.ts';
import { firstBatch, nextBatch, restAfterBatch } from './pace.ts';

/** Milliseconds that one batch may take. */
const BATCH_LIMIT = 60_000;
/** Batches between two looks at the load. */
const LOOK_EVERY = 20;
/** Pages of a table that are looked through at once where no index knows the age of rows. */
const PAGES = 256;
/** Rows whose file cannot be removed after which it is given up: something is wrong with the folder. */
const MOST_KEPT = 1_000;

interface Tally {
  removed: number;
  files: number;
  missing: number;
  kept: number;
  why: string | null;
}

/** Where the next batch begins: at an age where an index is in order of it, else at a page of the table. */
interface Cursor {
  /** Settings of the planner for the transaction of a batch. */
  planning: readonly string[];
  condition: string;
  order: string;
  /** What the last row of a batch leaves for the next; null when there is nothing more. */
  next(last: Candidate | undefined, full: boolean): Cursor | null;
}

interface Candidate {
  id: string;
  age: string;
  path: string | null;
}

/** Otherwise an estimate of few rows lets the planner sort all that is left of them, batch by batch. */
const IN_ORDER_OF_INDEX = ['SET LOCAL enable_sort = off', 'SET LOCAL enable_bitmapscan = off'];

/**
 * The session's commits do not wait for the disk. Here a crash of the server would bring back rows whose files are gone: who
 * looks at them then finds nothing.
 */
const ON_DISK = 'SET LOCAL synchronous_commit = on';

function byAge(expired: ExpiredRows, from: string | null): Cursor {
  const { column, cutoff } = expired;
  const age = `t.${quoteName(column)}`;
  return {
    planning: IN_ORDER_OF_INDEX,
    condition: from === null ? `${age} < ${cutoff}` : `${age} < ${cutoff} AND ${age} >= ${quoteText(from)}`,
    order: `ORDER BY ${age}`,
    next: (last, full) => (full && last ? byAge(expired, last.age) : null),
  };
}

function byPage(expired: ExpiredRows, page: number, pages: number): Cursor {
  const { column, cutoff } = expired;
  return {
    planning: [],
    condition: `t.ctid >= '(${page},0)'::tid AND t.ctid < '(${page + PAGES},0)'::tid AND t.${quoteName(column)} < ${cutoff}`,
    order: '',
    next: (_last, full) => {
      if (full) return byPage(expired, page, pages);
      return page + PAGES < pages ? byPage(expired, page + PAGES, pages) : null;
    },
  };
}

async function firstCursor({ db }: Worksite, expired: ExpiredRows): Promise<Cursor> {
  const table = quoteText(expired.table);
  const [row] = await db.query<{ indexed: boolean; pages: number }>(`
    SELECT EXISTS (
        SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = ${table}::regclass AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree'
          AND a.attname = ${quoteText(expired.column)}) AS indexed,
      (pg_relation_size(${table}::regclass) / current_setting('block_size')::int)::float8 AS pages`);
  return row?.indexed ? byAge(expired, null) : byPage(expired, 0, row?.pages ?? 0);
}

/** Rows that others hold just now are left for the next run. */
function select({ table, column, file }: ExpiredRows, { condition, order }: Cursor, batch: number): string {
  const path = file === null ? 'NULL::text' : `t.${quoteName(file)}::text`;
  return `SELECT t.ctid::text AS id, t.${quoteName(column)}::text AS age, ${path} AS path FROM ${table} t
    WHERE ${condition} AND t.ctid <> ALL ($1::tid[]) ${order} LIMIT ${batch} FOR UPDATE SKIP LOCKED`;
}

/**
 * Removes one batch in one transaction: the rows are locked, their files go, then the rows go. After a crash in between the
 * row is still there, and its file is missing when it is removed at last.
 * @returns the rows that were looked at, and those of them whose file could not be removed
 */
async function removeBatch(
  tx: Queryable,
  expired: ExpiredRows,
  { planning, sql, keep }: { planning: readonly string[]; sql: string; keep: readonly string[] },
): Promise<{ rows: Candidate[]; ends: FileEnd[] }> {
  for (const setting of planning) await tx.query(setting);
  if (expired.file !== null) await tx.query(ON_DISK);
  const rows = await tx.query<Candidate>(sql, [keep]);
  const ends: FileEnd[] = await Promise.all(rows.map(({ path }) => removeFile(path, expired.policy)));
  const gone = rows.filter((_row, place) => ends[place]?.end !== 'kept').map(({ id }) => id);
  if (gone.length > 0) await tx.query(`DELETE FROM ${expired.table} WHERE ctid = ANY ($1::tid[])`, [gone]);
  return { rows, ends };
}

function add(tally: Tally, ends: readonly FileEnd[]): void {
  for (const end of ends) {
    if (end.end === 'kept') {
      tally.kept++;
      tally.why ??= end.why;
      continue;
    }
    tally.removed++;
    if (end.end === 'removed') tally.files++;
    if (end.end === 'missing') tally.missing++;
  }
}

/** Removes what is too old, batch by batch with pauses. What was removed stays removed when it is stopped. */
export async function removeExpired(
  site: Worksite,
  expired: ExpiredRows,
  remaining: () => Promise<number | null>,
): Promise<Outcome> {
  const { db, settings, clock, signal } = site;
  const tally: Tally = { removed: 0, files: 0, missing: 0, kept: 0, why: null };
  const keep: string[] = [];
  let problem: string | null = null;
  let cursor: Cursor | null = await firstCursor(site, expired);
  let size = firstBatch(settings.batch);
  for (let batches = 1; cursor !== null; batches++) {
    const { planning } = cursor;
    const sql = select(expired, cursor, size);
    const limits = { ...limitsOf(site), statement: BATCH_LIMIT };
    const begun = clock.monotonic();
    try {
      const { rows, ends } = await withLockRetries(site, () =>
        db.change((tx) => removeBatch(tx, expired, { planning, sql, keep }), limits),
      );
      add(tally, ends);
      keep.push(...rows.filter((_row, place) => ends[place]?.end === 'kept').map(({ id }) => id));
      cursor = cursor.next(rows.at(-1), rows.length === size);
    } catch (error) {
      signal.throwIfAborted();
      problem = reasonOf(error);
      break;
    }
    if (expired.rows) site.progress(Math.min(1, tally.removed / expired.rows));
    const took = clock.monotonic() - begun;
    size = nextBatch(size, took, settings.batch);
    if (cursor !== null) await clock.sleep(restAfterBatch(took, settings.pause), signal);
    if (batches % LOOK_EVERY === 0) problem = await waitUntilCalm(site);
    if (problem !== null || keep.length > MOST_KEPT) break;
  }
  const after = evidence(tally, expired, await remaining());
  problem ??=
    tally.kept === 0 ? null : `${tally.kept} files could not be removed, and their rows were kept: ${tally.why}`;
  return problem === null ? done(after) : failed(problem, after);
}

function evidence({ removed, files, missing, kept }: Tally, { file }: ExpiredRows, rows: number | null): Evidence {
  const counts = { rows, removed };
  return file === null ? counts : { ...counts, filesRemoved: files, filesMissing: missing, filesKept: kept };
}
