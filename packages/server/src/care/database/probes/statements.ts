import { formatDuration } from '../../../lib/duration.ts';
import { messageOf } from '../../../lib/errors.ts';
import { quoteText } from '../../../lib/sql-quote.ts';
import type { Remark } from '../finding.ts';
import { type FilteredTable, indexFor, type SuggestedIndex } from '../index-advice.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { normaliseQuery } from '../normalise.ts';
import { notLocked, ownSchema, type Probe, type ProbeContext, type StatementRow } from '../probe.ts';
import type { ServerFacts } from '../server-facts.ts';
import { type Calls, estimatePercentile } from '../spread.ts';
import { type IndexTrial, tryIndex } from '../try-index.ts';
import { formatCount, percent } from '../units.ts';

/** Statements that are looked at: those that took the most time. */
export const MOST = 500;

/** Statements that are ours, or that are about the schema rather than the data. */
export const FOREIGN =
  "query !~* '^\\s*(create|alter|drop|copy|vacuum|analyze|reindex|cluster|refresh|grant|revoke|do|call|truncate|begin|commit|rollback|start|set|show|checkpoint|lock|prepare|deallocate|fetch|close|declare|explain|comment|security|reassign|import)\\M' AND query NOT LIKE '%/* yumops */%'";

/** The statements that took the most time, summed over the roles that ran them. */
const STATEMENTS_SQL = (schema: string, limit: number) => `
  WITH mine AS MATERIALIZED (
    SELECT s.queryid, min(left(s.query, 4000)) AS query, sum(s.calls)::float8 AS calls, sum(s.rows)::float8 AS rows,
           sum(s.total_exec_time) AS total,
           sum(s.calls * (s.stddev_exec_time * s.stddev_exec_time + s.mean_exec_time * s.mean_exec_time)) AS squares
    FROM ${schema}.pg_stat_statements s
    WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.toplevel
      AND s.queryid IS NOT NULL AND ${FOREIGN}
    GROUP BY s.queryid
  )
  SELECT queryid::text AS id, query, calls, rows, total, squares, total / nullif(calls, 0) AS mean,
         total / nullif(sum(total) OVER (), 0) AS share
  FROM mine WHERE calls > 0 ORDER BY total DESC LIMIT ${limit}`;

/** The statements that took the most time since the reset. */
export async function readCountedStatements(
  db: MonitoredDatabase,
  schema: string,
  limit: number,
): Promise<StatementRow[]> {
  const rows = await db.query<Omit<StatementRow, 'p95'> & Calls>(STATEMENTS_SQL(schema, limit));
  return rows.map(({ squares, ...row }) => ({ ...row, p95: estimatePercentile({ ...row, squares }, 'p95') }));
}

/** Large tables that are read from end to end again and again, with the columns that no index begins with. */
const SCANNED = (own: string, { missing_index_rows: rows, missing_index_scans: scans }: ProbeContext['thresholds']) => `
  SELECT s.relid::regclass::text AS table, s.relname AS name, s.seq_scan::float8 AS scans, c.reltuples::float8 AS rows,
         ARRAY(SELECT a.attname::text FROM pg_attribute a
               WHERE a.attrelid = s.relid AND a.attnum > 0 AND NOT a.attisdropped
                 AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = s.relid AND i.indisvalid
                                 AND i.indpred IS NULL AND i.indkey[0] = a.attnum)) AS columns
  FROM pg_stat_user_tables s
  JOIN pg_class c ON c.oid = s.relid
  WHERE ${notLocked('s.relid')} AND ${own} AND c.relkind = 'r' AND c.reltuples >= ${rows} AND s.seq_scan >= ${scans}
    AND s.seq_tup_read >= s.seq_scan * c.reltuples / 2
  ORDER BY s.seq_tup_read DESC LIMIT 50`;

interface Counted {
  rows: readonly StatementRow[];
  /** The time in which it was counted, as it stands in a sentence. */
  time: string;
}

/** An average over months does not see what has become slow, nor what was mended: the last day counts where it is stored. */
async function readCounted(db: MonitoredDatabase, schema: string, { lately }: ProbeContext): Promise<Counted> {
  const recent = await lately?.().catch((error: unknown) => {
    // The database can be asked: only this probe knows nothing.
    throw new Error(`what statements did of late cannot be read: ${messageOf(error)}`);
  });
  if (recent && recent.length > 0) return { rows: recent, time: 'in the last 24 hours' };
  const rows = await readCountedStatements(db, schema, MOST);
  return { rows, time: 'since the statistics were reset' };
}

function judgeSlow(
  row: StatementRow,
  time: string,
  index: SuggestedIndex | undefined,
  context: ProbeContext,
): Remark[] {
  const { thresholds: at, server } = context;
  const often = row.mean >= at.slow_query_ms && row.calls >= at.slow_query_calls;
  const uneven = row.calls >= at.slow_query_calls && (row.p95 ?? 0) >= at.very_slow_query_ms;
  const long = uneven || (row.mean >= at.very_slow_query_ms && row.calls >= 2);
  const slowest = row.p95 === null ? '' : `, an estimated ${formatDuration(row.p95)} or more in every twentieth call`;
  if (!often && !long) return [];
  const look = `SELECT calls, mean_exec_time, max_exec_time, rows, shared_blks_read, temp_blks_written, query FROM ${server.statementsSchema}.pg_stat_statements WHERE queryid = ${row.id};`;
  return [
    {
      code: 'slow_query',
      severity: long || row.share >= 0.1 ? 'warning' : 'info',
      object: `query ${row.id}`,
      message: `${formatDuration(row.mean)} on average${slowest}, ${formatCount(row.calls)} times ${time}: ${percent(row.share)} of the time of all statements. ${normaliseQuery(row.query)}`,
      fix: index?.statement ?? look,
    },
  ];
}

/** How sure the advice is. */
function evidenceOf(trial: IndexTrial): string {
  const guess = 'This is judged by the columns that the statement compares';
  switch (trial.kind) {
    case 'asked':
      return trial.used
        ? `The planner would use it: by hypopg a cost of ${formatCount(trial.after)} instead of ${formatCount(trial.before)}.`
        : 'By hypopg the planner would not use it where it does not know the values.';
    case 'failed':
      return `${guess}; the planner could not be asked: ${trial.why}.`;
    default:
      return `${guess}; with the extension hypopg the planner would be asked.`;
  }
}

function judgeMissing(index: SuggestedIndex, trial: IndexTrial): Remark {
  const { table, columns, query, scans, rows, statement } = index;
  const useless = trial.kind === 'asked' && !trial.used;
  return {
    code: 'missing_index',
    severity: useless ? 'info' : 'warning',
    object: `${table} (${columns})`,
    message: `${table}, some ${formatCount(rows)} rows, was read from end to end ${formatCount(scans)} times, and no index begins with ${columns}, by which this statement filters: ${normaliseQuery(query)} ${evidenceOf(trial)}`,
    fix: statement,
  };
}

const DAY = 86_400;

/** Without the extension nothing is known about statements. */
function notInstalled({ preloaded }: ServerFacts): Remark {
  const ready = preloaded === null || preloaded.includes('pg_stat_statements');
  const libraries = [preloaded, 'pg_stat_statements'].filter((library) => library).join(', ');
  return {
    code: 'probe_failed',
    severity: 'unknown',
    object: 'statements',
    message: `Nothing is known about slow statements: the extension pg_stat_statements is not installed${ready ? '' : ', and the server must be restarted with it first'}.`,
    fix: ready
      ? 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements;'
      : `ALTER SYSTEM SET shared_preload_libraries = ${libraries.split(', ').map(quoteText).join(', ')};`,
  };
}

/** Statements that were pushed out of the list are counted no more: what is read of it is a part. */
async function judgeEvictions(
  db: MonitoredDatabase,
  schema: string,
  at: ProbeContext['thresholds'],
): Promise<Remark[]> {
  const [known] = await db.query<{ known: boolean }>(
    `SELECT to_regclass(${quoteText(`${schema}.pg_stat_statements_info`)}) IS NOT NULL AS known`,
  );
  // A version of the extension from before the server was upgraded has no such view.
  if (!known?.known) return [];
  const [row] = await db.query<{ evictions: number; seconds: number; most: number }>(`
    SELECT dealloc::float8 AS evictions, extract(epoch FROM now() - stats_reset)::float8 AS seconds,
           current_setting('pg_stat_statements.max')::int AS most
    FROM ${schema}.pg_stat_statements_info`);
  if (!row || row.evictions / Math.max(1, row.seconds / DAY) < at.statement_evictions_per_day) return [];
  return [
    {
      code: 'statement_evictions',
      severity: 'info',
      object: 'pg_stat_statements',
      message: `The list of ${formatCount(row.most)} statements was full ${formatCount(row.evictions)} times in ${formatDuration(row.seconds * 1_000)}; those that took the least went, and what they do is not seen. The new value needs a restart.`,
      fix: `ALTER SYSTEM SET pg_stat_statements.max = ${2 * row.most};`,
    },
  ];
}

/** Advice that the planner is asked about; what goes beyond is given without. */
const TRIED = 20;

async function judgeIndexes(
  db: MonitoredDatabase,
  server: ServerFacts,
  indexes: readonly SuggestedIndex[],
): Promise<Remark[]> {
  const remarks: Remark[] = [];
  for (const [place, index] of indexes.entries()) {
    const trial: IndexTrial =
      place < TRIED ? await tryIndex(db, server, index) : { kind: 'failed', why: 'there are many of them' };
    remarks.push(judgeMissing(index, trial));
  }
  return remarks;
}

async function lookAt(db: MonitoredDatabase, schema: string, context: ProbeContext): Promise<Remark[]> {
  const { rows, time } = await readCounted(db, schema, context);
  const own = ownSchema('s.schemaname', context.profile);
  const tables = await db.query<FilteredTable>(SCANNED(own, context.thresholds));
  const indexes = new Map<string, SuggestedIndex>();
  const slow = rows.flatMap((row) => {
    const index = indexFor(row, tables);
    if (index && !indexes.has(index.statement)) indexes.set(index.statement, index);
    return judgeSlow(row, time, index, context);
  });
  const evictions = await judgeEvictions(db, schema, context.thresholds);
  return [...slow, ...(await judgeIndexes(db, context.server, [...indexes.values()])), ...evictions];
}

/** Statements that take long, and indexes that would make them short. */
export const statements: Probe = {
  name: 'statements',
  needsAllStatistics: true,
  primaryOnly: false,
  run: async (db, context) =>
    context.server.statementsSchema === null
      ? [notInstalled(context.server)]
      : lookAt(db, context.server.statementsSchema, context),
};
