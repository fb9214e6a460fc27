import type { MonitoredDatabase } from '../../monitored-database.ts';
import { notLocked, ownSchema } from '../../probe.ts';
import { formatCount, percent } from '../../units.ts';
import type { Evidence, MaintenanceAction, PlanContext, Planner } from '../action.ts';
import { executeAction } from '../run/execute.ts';

/** What the statistics say about a table. */
export interface TableFacts {
  id: number;
  table: string;
  /** The root of the partitioned table that it is a part of. */
  root: string | null;
  partitioned: boolean;
  /** Rows by the planner's estimate; negative before the first ANALYZE. */
  estimate: number;
  live: number;
  dead: number;
  /** Rows that changed since the last ANALYZE. */
  changed: number;
  neverAnalyzed: boolean;
  bytes: number;
  /** Transactions and multixacts since the oldest row, with the TOAST table, and when autovacuum freezes. */
  age: number;
  multixactAge: number;
  freezeAt: number;
  multixactFreezeAt: number;
  /** Dead rows from which on autovacuum acts. */
  vacuumAt: number;
  vacuuming: boolean;
}

const SQL = (where: string) => `
  SELECT t.*, greatest(t.own_age, x.age)::float8 AS age, greatest(t.own_mxid_age, x.mxid_age)::float8 AS "multixactAge"
  FROM (
    SELECT c.oid::bigint AS id, c.oid::regclass::text AS table, c.relkind = 'p' AS partitioned, c.reltoastrelid,
           CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::regclass::text END AS root,
           c.reltuples::float8 AS estimate, coalesce(s.n_live_tup, 0)::float8 AS live,
           coalesce(s.n_dead_tup, 0)::float8 AS dead, coalesce(s.n_mod_since_analyze, 0)::float8 AS changed,
           s.last_analyze IS NULL AND s.last_autoanalyze IS NULL AS "neverAnalyzed",
           coalesce(pg_relation_size(c.oid), 0)::float8 AS bytes,
           CASE WHEN c.relkind = 'p' THEN 0 ELSE age(c.relfrozenxid) END AS own_age,
           CASE WHEN c.relkind = 'p' THEN 0 ELSE mxid_age(c.relminmxid) END AS own_mxid_age,
           coalesce((o.own ->> 'autovacuum_freeze_max_age')::float8,
                    current_setting('autovacuum_freeze_max_age')::float8) AS "freezeAt",
           coalesce((o.own ->> 'autovacuum_multixact_freeze_max_age')::float8,
                    current_setting('autovacuum_multixact_freeze_max_age')::float8) AS "multixactFreezeAt",
           coalesce((o.own ->> 'autovacuum_vacuum_threshold')::float8,
                    current_setting('autovacuum_vacuum_threshold')::float8)
             + coalesce((o.own ->> 'autovacuum_vacuum_scale_factor')::float8,
                        current_setting('autovacuum_vacuum_scale_factor')::float8) * greatest(c.reltuples, 0) AS "vacuumAt",
           EXISTS (SELECT FROM pg_stat_progress_vacuum p WHERE p.relid = c.oid) AS vacuuming
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
    LEFT JOIN LATERAL (SELECT jsonb_object_agg(option_name, option_value) AS own
                       FROM pg_options_to_table(c.reloptions)) o ON c.reloptions IS NOT NULL
    WHERE ${where}
  ) t
  LEFT JOIN LATERAL (SELECT age(x.relfrozenxid) AS age, mxid_age(x.relminmxid) AS mxid_age
                     FROM pg_class x WHERE x.oid = t.reltoastrelid) x ON t.reltoastrelid <> 0
  ORDER BY t.table`;

/** A catalogue of ten thousand tables takes longer than a probe may. */
const LIMIT = { timeout: 60_000 };

export function readTableFacts({ db, settings }: Pick<PlanContext, 'db' | 'settings'>): Promise<TableFacts[]> {
  const where = `${notLocked('c.oid')} AND c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND ${ownSchema('n.nspname', settings.profile)}`;
  return db.query<TableFacts>(SQL(where), LIMIT);
}

async function again(db: MonitoredDatabase, id: number): Promise<TableFacts | undefined> {
  const [facts] = await db.query<TableFacts>(SQL(`c.oid = ${id}`));
  return facts;
}

type Need = Pick<MaintenanceAction, 'statement' | 'reason'>;

function action(
  task: MaintenanceAction['task'],
  facts: TableFacts,
  { statement, reason }: Need,
  measure: (facts: TableFacts) => Evidence,
): MaintenanceAction {
  return {
    task,
    object: facts.table,
    statement,
    reason,
    before: measure(facts),
    perform: (site) =>
      executeAction(site, statement, async () => {
        const now = await again(site.db, facts.id);
        return now ? measure(now) : null;
      }),
  };
}

/** Rows that must have changed, and the share of all, for statistics to be out of date. */
const CHANGED_ROWS = 50;
const CHANGED_SHARE = 0.05;

/** Why a table needs fresh statistics; null when it does not. After a reset of the statistics nothing is known to have changed. */
export function analyzeNeed({ estimate, live, changed, neverAnalyzed }: TableFacts): string | null {
  if (estimate < 0) return 'it was never analyzed';
  if (changed === 0) return null;
  if (neverAnalyzed) return `it was not analyzed since statistics began, and ${formatCount(changed)} rows changed`;
  if (changed < CHANGED_ROWS || changed < CHANGED_SHARE * Math.max(estimate, live)) return null;
  return `${formatCount(changed)} rows changed since it was last analyzed`;
}

const statistics = ({ changed, estimate }: TableFacts): Evidence => ({
  changedRows: changed,
  rows: estimate < 0 ? null : estimate,
});

/** Fresh statistics for tables that changed; a partitioned one is analyzed whole, which autovacuum never does. */
export const planAnalyze: Planner = async (context) => {
  const facts = await readTableFacts(context);
  const roots = new Map<string, string>();
  for (const table of facts) {
    const need = table.partitioned ? (table.estimate < 0 ? 'it was never analyzed' : null) : analyzeNeed(table);
    if (need !== null && table.partitioned && table.root === null) roots.set(table.table, need);
    else if (need !== null && table.root !== null && !roots.has(table.root)) {
      roots.set(table.root, `of its partition ${table.table}: ${need}`);
    }
  }
  return facts.flatMap((table) => {
    if (table.root !== null) return [];
    const reason = table.partitioned ? roots.get(table.table) : analyzeNeed(table);
    return reason ? [action('analyze', table, { statement: `ANALYZE ${table.table};`, reason }, statistics)] : [];
  });
};

const DEAD_ROWS = 1_000;
const DEAD_SHARE = 0.1;

/** Why a table needs a vacuum; null when it does not. */
export function vacuumNeed({ dead, live, vacuumAt, vacuuming, partitioned }: TableFacts): string | null {
  if (partitioned || vacuuming || dead === 0) return null;
  const share = dead / (dead + live);
  const due = (dead >= DEAD_ROWS && share >= DEAD_SHARE) || dead >= Math.max(DEAD_ROWS, vacuumAt);
  return due ? `${formatCount(dead)} of its rows are dead (${percent(share)})` : null;
}

const deadRows = ({ dead, bytes }: TableFacts): Evidence => ({ deadRows: dead, bytes });

/** Dead rows are cleared away; the file is not cut short, which would lock out readers. */
export const planVacuum: Planner = async (context) =>
  (await readTableFacts(context))
    .sort((a, b) => b.dead - a.dead)
    .flatMap((table) => {
      const reason = vacuumNeed(table);
      const statement = `VACUUM (ANALYZE, TRUNCATE FALSE) ${table.table};`;
      return reason ? [action('vacuum', table, { statement, reason }, deadRows)] : [];
    });

/** The share of the way to a forced vacuum from which on a table is frozen in a quiet hour. */
const OLD = 0.75;

/** Why a table is to be frozen; null when it is not. */
export function freezeNeed(table: TableFacts): string | null {
  if (table.partitioned || table.vacuuming) return null;
  if (table.age >= OLD * table.freezeAt) {
    return `its oldest transaction id is ${formatCount(table.age)} back; autovacuum is forced at ${formatCount(table.freezeAt)}`;
  }
  if (table.multixactAge < OLD * table.multixactFreezeAt) return null;
  return `its oldest multixact id is ${formatCount(table.multixactAge)} back; autovacuum is forced at ${formatCount(table.multixactFreezeAt)}`;
}

const ages = ({ age, multixactAge }: TableFacts): Evidence => ({ transactionAge: age, multixactAge });

/** Tables that autovacuum would soon be forced to freeze, at an hour of its choice. */
export const planFreeze: Planner = async (context) =>
  (await readTableFacts(context))
    .sort((a, b) => b.age - a.age)
    .flatMap((table) => {
      const reason = freezeNeed(table);
      const statement = `VACUUM (FREEZE, TRUNCATE FALSE) ${table.table};`;
      return reason ? [action('freeze', table, { statement, reason }, ages)] : [];
    });
