import { notLocked, ownSchema, queryProbe } from '../probe.ts';
import { formatBytes, formatCount } from '../units.ts';

interface BigTableRow {
  table: string;
  bytes: number;
  rows: number | null;
}

const SQL = (own: string, smallest: number) => `
  SELECT c.oid::regclass::text AS table, pg_total_relation_size(c.oid)::float8 AS bytes,
         CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${notLocked('c.oid')} AND c.relkind IN ('r', 'm') AND NOT c.relispartition AND ${own}
    AND pg_total_relation_size(c.oid) >= ${smallest}
  ORDER BY 2 DESC, 1`;

/** Tables that have grown so large in one piece that upkeep of them takes hours. */
export const bigTables = queryProbe<BigTableRow>({
  name: 'table sizes',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('n.nspname', context.profile), context.thresholds.big_table_noted),
  judge: (found, { thresholds }) =>
    found.map(({ table, bytes, rows }) => ({
      code: 'big_table',
      severity: bytes >= thresholds.big_table ? 'warning' : 'info',
      object: table,
      message: `The table ${table} takes ${formatBytes(bytes)} with its indexes${rows === null ? '' : `, for some ${formatCount(rows)} rows`}, in one piece. Partitions make it possible to drop old rows at once and to vacuum part by part.`,
      fix: `SELECT pg_size_pretty(pg_table_size('${table.replaceAll("'", "''")}')) AS rows, pg_size_pretty(pg_indexes_size('${table.replaceAll("'", "''")}')) AS indexes;`,
    })),
});
