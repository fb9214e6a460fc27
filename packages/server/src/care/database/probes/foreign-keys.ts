import { ownSchema, queryProbe } from '../probe.ts';
import { formatCount } from '../units.ts';

interface ForeignKeyRow {
  constraint: string;
  table: string;
  parent: string;
  /** Quoted, in the order of the constraint. */
  columns: string;
  rows: number | null;
  partitioned: boolean;
}

/** An index serves when its leading columns are those of the key, in any order. */
const SQL = (own: string) => `
  SELECT quote_ident(f.conname) AS constraint, f.conrelid::regclass::text AS table,
         f.confrelid::regclass::text AS parent,
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
          FROM unnest(f.conkey) WITH ORDINALITY k (attnum, place)
          JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS columns,
         CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
         c.relkind = 'p' AS partitioned
  FROM pg_constraint f
  JOIN pg_class c ON c.oid = f.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE f.contype = 'f' AND f.conparentid = 0 AND ${own}
    AND NOT EXISTS (
      SELECT FROM pg_index i
      WHERE i.indrelid = f.conrelid AND i.indisvalid AND i.indpred IS NULL
        AND i.indnkeyatts >= cardinality(f.conkey)
        AND (SELECT array_agg(k ORDER BY k) FROM unnest((i.indkey::int2[])[0:cardinality(f.conkey) - 1]) k)
          = (SELECT array_agg(k ORDER BY k) FROM unnest(f.conkey) k))
  ORDER BY 2, 1`;

/** Foreign keys without an index: a delete in the parent reads the whole child table. */
export const foreignKeys = queryProbe<ForeignKeyRow>({
  name: 'foreign keys',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('n.nspname', context.profile)),
  judge: (found, { thresholds }) =>
    found.map(({ constraint, table, parent, columns, rows, partitioned }) => ({
      code: 'unindexed_fk',
      severity: (rows ?? 0) >= thresholds.unindexed_fk_rows || partitioned ? 'warning' : 'info',
      object: `${table}.${constraint}`,
      message: `The foreign key ${constraint} (${columns}) of ${table} has no index: each delete or key change in ${parent} reads all of ${table}${rows === null ? '' : `, some ${formatCount(rows)} rows`}.`,
      fix: `CREATE INDEX${partitioned ? '' : ' CONCURRENTLY'} ON ${table} (${columns});`,
    })),
});
