import type { Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { notLocked, ownSchema, type Probe, type ProbeContext } from '../probe.ts';
import { formatBytes, percent } from '../units.ts';

/** A relation that is large enough to waste something, and what the planner's statistics say about its waste. */
interface Candidate {
  id: number;
  relation: string;
  kind: 'table' | 'index';
  table: string;
  bytes: number;
  /** Bytes that its rows need by the statistics; null when there are none, or none that we may read. */
  needed: number | null;
  dead: number;
}

/** What was found out about one relation. */
export interface Waste {
  bytes: number;
  share: number;
  how: 'measured' | 'estimated';
}

/** Relations that are measured, the largest first, and the size from which on even a sample costs too much. */
const MEASURED = 50;
const TOO_LARGE = 2 * 1_024 ** 3;

/**
 * Rows of a page: 24 bytes of page header, 4 of line pointer and 24 of row header each, padded to 8. TOAST is apart.
 * A leaf of a btree is filled to 90 %.
 */
const TABLES = (own: string, smallest: number) => `
  SELECT c.oid::bigint AS id, c.oid::regclass::text AS relation, 'table' AS kind, c.oid::regclass::text AS table,
         pg_relation_size(c.oid)::float8 AS bytes,
         CASE WHEN c.reltuples >= 0 AND w.columns = c.columns
              THEN ceil(c.reltuples * (28 + 8 * ceil(w.width / 8.0)) / (8168 * c.fill)) * 8192 END::float8 AS needed,
         coalesce(pg_stat_get_dead_tuples(c.oid), 0)::float8 AS dead
  FROM (SELECT c.*, coalesce((SELECT option_value::float8 / 100 FROM pg_options_to_table(c.reloptions)
                              WHERE option_name = 'fillfactor'), 1) AS fill,
               (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
        FROM pg_class c WHERE ${notLocked('c.oid')} AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.relpages > 8) c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (
    SELECT count(*) AS columns, sum((1 - s.null_frac) * s.avg_width) AS width
    FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND NOT s.inherited
  ) w ON true
  WHERE ${own} AND pg_relation_size(c.oid) >= ${smallest}
  ORDER BY 5 DESC LIMIT 500`;

const INDEXES = (own: string, smallest: number) => `
  SELECT c.oid::bigint AS id, format('%I.%I', n.nspname, c.relname) AS relation, 'index' AS kind,
         i.indrelid::regclass::text AS table, pg_relation_size(c.oid)::float8 AS bytes,
         CASE WHEN c.reltuples >= 0 AND w.columns = i.indnatts
              THEN (ceil(c.reltuples * (16 + 8 * ceil(w.width / 8.0)) / (8152 * 0.9)) * 1.01 + 1) * 8192 END::float8 AS needed,
         0::float8 AS dead
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class t ON t.oid = i.indrelid
  LEFT JOIN LATERAL (
    SELECT count(*) AS columns, sum((1 - s.null_frac) * s.avg_width) AS width
    FROM pg_stats s JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = s.attname
    WHERE s.schemaname = n.nspname AND s.tablename = t.relname AND NOT s.inherited AND a.attnum = ANY (i.indkey)
  ) w ON true
  WHERE ${notLocked('c.oid')} AND ${notLocked('i.indrelid')} AND c.relkind = 'i' AND i.indisvalid AND ${own} AND c.relpages > 8 AND pg_relation_size(c.oid) >= ${smallest}
  ORDER BY 5 DESC LIMIT 500`;

/** How much of a relation is waste by the extension pgstattuple, which reads a sample of a table or all of an index. */
async function measure(db: MonitoredDatabase, { id, kind }: Candidate, schema: string): Promise<number> {
  const sql =
    kind === 'table'
      ? `SELECT ((approx_free_percent + dead_tuple_percent) / 100)::float8 AS share FROM ${schema}.pgstattuple_approx(${id}::oid::regclass)`
      : `SELECT CASE WHEN leaf_pages = 0 THEN 0 ELSE
           1 - (leaf_pages * avg_leaf_density / 90 + internal_pages) / nullif(index_size / 8192 - 1, 0) END::float8 AS share
         FROM ${schema}.pgstatindex(${id}::oid::regclass)`;
  const [row] = await db.query<{ share: number | null }>(sql);
  return Math.max(0, row?.share ?? 0);
}

function estimate({ bytes, needed }: Candidate): number | null {
  return needed === null ? null : Math.max(0, 1 - needed / bytes);
}

async function wasteOf(db: MonitoredDatabase, candidate: Candidate, schema: string | null): Promise<Waste | null> {
  const { bytes } = candidate;
  if (schema !== null && bytes <= TOO_LARGE) {
    const share = await measure(db, candidate, schema);
    return { bytes: share * bytes, share, how: 'measured' };
  }
  const share = estimate(candidate);
  return share === null ? null : { bytes: share * bytes, share, how: 'estimated' };
}

/** A relation that is mostly empty. */
export interface BloatedRelation extends Omit<Candidate, 'id' | 'needed'> {
  waste: Waste;
}

function judge({ relation, kind, table, bytes, dead, waste }: BloatedRelation, { thresholds }: ProbeContext): Remark[] {
  const severity = waste.bytes >= thresholds.bloat ? 'warning' : 'info';
  const part = `${percent(waste.share)} of ${formatBytes(bytes)} is empty (${waste.how}: ${formatBytes(waste.bytes)})`;
  if (kind === 'index') {
    const message = `The index ${relation} of ${table} is bloated: ${part}. Rebuilding it does not lock the table.`;
    return [
      { code: 'bloat_index', severity, object: relation, message, fix: `REINDEX INDEX CONCURRENTLY ${relation};` },
    ];
  }
  const rest = dead > 0 ? ` ${Math.round(dead).toLocaleString('en')} dead rows wait for VACUUM.` : '';
  const message = `The table ${relation} is bloated: ${part}.${rest} The statement gives the space back and locks the table meanwhile; plain VACUUM keeps it for new rows without a lock.`;
  return [{ code: 'bloat_table', severity, object: relation, message, fix: `VACUUM (FULL, ANALYZE) ${relation};` }];
}

/** What the statistics cannot say and what we may not measure is unknown, said once for all. */
function judgeHidden(hidden: readonly Candidate[], { server }: ProbeContext): Remark[] {
  if (hidden.length === 0) return [];
  const first = hidden.slice(0, 3).map(({ relation }) => relation);
  const more = hidden.length > 3 ? ` and ${hidden.length - 3} more` : '';
  return [
    {
      code: 'probe_failed',
      severity: 'unknown',
      object: 'bloat',
      message: `The bloat of ${first.join(', ')}${more} is not known: there are no statistics that the role "${server.role}" may read, and the extension pgstattuple is not installed.`,
      fix: 'CREATE EXTENSION IF NOT EXISTS pgstattuple;',
    },
  ];
}

/** Looks at relations of one kind; those that cannot be judged go to `hidden`. */
async function examine(
  db: MonitoredDatabase,
  candidates: readonly Candidate[],
  context: ProbeContext,
  hidden: Candidate[],
): Promise<BloatedRelation[]> {
  const { thresholds, server } = context;
  const suspects = candidates.filter(
    (candidate) => candidate.dead > 0 || (estimate(candidate) ?? 1) >= thresholds.bloat_share / 2,
  );
  const bloated: BloatedRelation[] = [];
  for (const [place, suspect] of suspects.entries()) {
    const waste = await wasteOf(db, suspect, place < MEASURED ? server.tupleSchema : null);
    if (!waste) hidden.push(suspect);
    else if (waste.share >= thresholds.bloat_share && waste.bytes >= thresholds.bloat_noted) {
      bloated.push({ ...suspect, waste });
    }
  }
  return bloated;
}

/** Btree indexes that are mostly empty, the largest first. Those about which nothing is known are left out. */
export async function bloatedIndexes(db: MonitoredDatabase, context: ProbeContext): Promise<BloatedRelation[]> {
  const own = ownSchema('n.nspname', context.profile);
  return examine(db, await db.query(INDEXES(own, context.thresholds.bloat_noted)), context, []);
}

/** Tables and btree indexes that are mostly empty. */
export const bloat: Probe = {
  name: 'bloat',
  needsAllStatistics: false,
  primaryOnly: true,
  async run(db, context) {
    const own = ownSchema('n.nspname', context.profile);
    const hidden: Candidate[] = [];
    const tables = await examine(db, await db.query(TABLES(own, context.thresholds.bloat_noted)), context, hidden);
    // Columns of an index may be expressions, which have no statistics before ANALYZE: too small a thing to alarm for.
    const bloated = [...tables, ...(await bloatedIndexes(db, context))];
    return [...bloated.flatMap((relation) => judge(relation, context)), ...judgeHidden(hidden, context)];
  },
};
