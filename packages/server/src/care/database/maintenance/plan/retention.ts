import { formatDuration } from '../../../../lib/duration.ts';
import { quoteName, quoteText } from '../../../../lib/sql-quote.ts';
import type { MonitoredDatabase } from '../../monitored-database.ts';
import { type ActionPlan, done, failed, type MaintenanceAction, type PlanContext, type Planner } from '../action.ts';
import { reasonOf, withLockRetries } from '../run/execute.ts';
import { removeExpired } from '../run/remove-expired.ts';
import type { RetentionPolicy } from '../settings.ts';

/** The table of a policy as the catalogue knows it. */
interface Target {
  id: number;
  table: string;
  column: string;
  /** As Postgres writes it: `timestamp with time zone`. */
  type: string;
  file: string | null;
}

/** A table, or a leaf of a partitioned one, from which rows go. */
export interface ExpiredRows {
  table: string;
  column: string;
  /** The instant before which rows go, as an expression of SQL of the column's type. */
  cutoff: string;
  file: string | null;
  policy: RetentionPolicy;
  /** Rows when it was planned; null when there were too many to count. */
  rows: number | null;
}

const TIMES = /^(date|timestamp(\(\d\))? with(out)? time zone)$/;
const COUNT_LIMIT = 60_000;
/** Milliseconds in the queue for the lock of a whole table: everybody who comes later waits behind it. */
const DROP_LOCK = 250;

/** Names in a policy may be bare, quoted or with a schema; a bare one is looked for in public first. */
async function findTarget(db: MonitoredDatabase, { table, column, fileColumn }: RetentionPolicy): Promise<Target> {
  const name = quoteText(table);
  const [target] = await db.query<Target & { found: boolean }>(`
    SELECT c.oid::bigint AS id, c.oid::regclass::text AS table,
           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              AND ${quoteText(column)} IN (a.attname, quote_ident(a.attname))) AS column,
           (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
              AND NOT a.attisdropped AND ${quoteText(column)} IN (a.attname, quote_ident(a.attname))) AS type,
           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              AND ${quoteText(fileColumn ?? '')} IN (a.attname, quote_ident(a.attname))) AS file
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND ${name} IN (c.relname, quote_ident(c.relname), n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname),
                      format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')))
    ORDER BY n.nspname = 'public' DESC, n.nspname LIMIT 1`);
  if (!target) throw new Error(`There is no table ${table}.`);
  if (target.column === null) throw new Error(`The table ${target.table} has no column ${column}.`);
  if (!TIMES.test(target.type))
    throw new Error(`The column ${column} of ${target.table} is a ${target.type}, not a time.`);
  if (fileColumn !== null && target.file === null)
    throw new Error(`The table ${target.table} has no column ${fileColumn}.`);
  return target;
}

interface Leaf {
  table: string;
  /** Whether all rows that it can hold are older. */
  whole: boolean;
}

/** The tables that hold the rows: the table itself, or the leaves of a partitioned one. */
async function leavesOf(db: MonitoredDatabase, { id, column }: Target, cutoff: string): Promise<Leaf[]> {
  const rows = await db.query<{ table: string; until: string | null }>(`
    SELECT t.relid::text AS table,
           CASE WHEN k.partstrat = 'r' AND k.partnatts = 1 AND a.attname = ${quoteText(column)}
                THEN (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)$'))[1] END AS until
    FROM pg_partition_tree(${id}::oid::regclass) t
    JOIN pg_class c ON c.oid = t.relid
    LEFT JOIN pg_partitioned_table k ON k.partrelid = t.parentrelid
    LEFT JOIN pg_attribute a ON a.attrelid = k.partrelid AND a.attnum = k.partattrs[0]
    WHERE t.isleaf AND c.relkind = 'r' ORDER BY c.oid`);
  const leaves: Leaf[] = [];
  for (const { table, until } of rows) {
    const [over] =
      until === null ? [] : await db.query<{ over: boolean }>(`SELECT ${quoteText(until)} <= ${cutoff} AS over`);
    leaves.push({ table, whole: over?.over === true });
  }
  // A table without partitions is its own only leaf, and is not in the tree of older servers.
  return leaves;
}

async function countExpired(
  db: MonitoredDatabase,
  { table, column, cutoff }: Omit<ExpiredRows, 'rows'>,
): Promise<number | null> {
  try {
    const sql = `SELECT count(*) AS rows FROM ${table} WHERE ${quoteName(column)} < ${cutoff}`;
    const [row] = await db.query<{ rows: number }>(sql, { timeout: COUNT_LIMIT });
    return row?.rows ?? 0;
  } catch (error) {
    if ((error as { code?: string }).code === '57014') return null;
    throw error;
  }
}

function explain(rows: number | null, { policy, column }: Pick<ExpiredRows, 'policy' | 'column'>): string {
  const many =
    rows === null
      ? 'so many rows that they could not be counted in time are'
      : rows === 1
        ? '1 row is'
        : `${rows} rows are`;
  return `${many} older than ${formatDuration(policy.keep)} by ${column}`;
}

function removal(expired: ExpiredRows): MaintenanceAction {
  const { table, column, cutoff, rows, file } = expired;
  const returning = file === null ? '' : ` RETURNING ${quoteName(file)}`;
  return {
    task: 'retention',
    object: table,
    statement: `DELETE FROM ${table} WHERE ${quoteName(column)} < ${cutoff}${returning};`,
    reason: `${explain(rows, expired)}${file === null ? '' : ', with their files'}`,
    before: { rows },
    perform: (site) => removeExpired(site, expired, async () => countExpired(site.db, expired)),
  };
}

function dropOfPartition(expired: ExpiredRows): MaintenanceAction {
  const statement = `DROP TABLE ${expired.table};`;
  return {
    task: 'retention',
    object: expired.table,
    statement,
    reason: `it is a partition, and all it can hold is older than ${formatDuration(expired.policy.keep)}: ${explain(expired.rows, expired)}`,
    before: { rows: expired.rows },
    async perform(site) {
      const limits = { lock: DROP_LOCK, statement: 60_000, signal: site.signal };
      const patient = { ...site, settings: { ...site.settings, lockRetries: 4 * site.settings.lockRetries } };
      await withLockRetries(patient, () => site.db.change((tx) => tx.query(statement), limits));
      return done({ rows: 0 });
    },
  };
}

async function planPolicy(context: PlanContext, policy: RetentionPolicy): Promise<MaintenanceAction[]> {
  const { db, now } = context;
  const target = await findTarget(db, policy);
  const instant = quoteText(new Date(now - policy.keep).toISOString());
  const { column, file } = target;
  const cutoff = `${instant}::timestamptz${target.type === 'timestamp with time zone' ? '' : `::${target.type.startsWith('date') ? 'date' : 'timestamp'}`}`;
  const leaves = await leavesOf(db, target, cutoff);
  const actions: MaintenanceAction[] = [];
  for (const { table, whole } of leaves.length > 0 ? leaves : [{ table: target.table, whole: false }]) {
    const place = { table, column, cutoff, file, policy };
    const rows = await countExpired(db, place);
    if (whole && file === null) actions.push(dropOfPartition({ ...place, rows }));
    else if (rows !== 0) actions.push(removal({ ...place, rows }));
  }
  return actions;
}

function impossible(policy: RetentionPolicy, error: unknown): MaintenanceAction {
  const plan: ActionPlan = {
    task: 'retention',
    object: policy.table,
    statement: '',
    reason: `rows older than ${formatDuration(policy.keep)} by ${policy.column} are to go`,
    before: null,
  };
  return { ...plan, perform: async () => failed(reasonOf(error)) };
}

/** What is older than the policies allow. A policy that cannot be followed fails alone. */
export const planRetention: Planner = async (context) => {
  const actions: MaintenanceAction[] = [];
  for (const policy of context.settings.retention) {
    try {
      actions.push(...(await planPolicy(context, policy)));
    } catch (error) {
      actions.push(impossible(policy, error));
    }
  }
  return actions;
};
