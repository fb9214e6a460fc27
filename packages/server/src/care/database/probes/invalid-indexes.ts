import type { Remark } from '../finding.ts';
import { notLocked, ownSchema, queryProbe } from '../probe.ts';

interface InvalidIndexRow {
  index: string;
  name: string;
  table: string;
  /** Null while somebody holds the table. */
  definition: string | null;
  partitioned: boolean;
  /** Whether it belongs to a constraint or to an index of a partitioned table, and so cannot be dropped alone. */
  bound: boolean;
}

const SQL = (own: string) => `
  SELECT format('%I.%I', n.nspname, c.relname) AS index, c.relname AS name, i.indrelid::regclass::text AS table,
         CASE WHEN ${notLocked('i.indrelid')} THEN pg_get_indexdef(c.oid) END AS definition, c.relkind = 'I' AS partitioned,
         c.relispartition OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.conrelid = i.indrelid) AS bound
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND ${own}
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode IN ('ShareUpdateExclusiveLock', 'RowExclusiveLock') AND l.granted)
  ORDER BY 1`;

function judge({ index, name, table, definition, partitioned, bound }: InvalidIndexRow): Remark {
  const remains = /_cc(new|old)\d*$/.test(name);
  const costs = 'No query uses it, and every write still pays for it.';
  const message = remains
    ? `The index ${index} of ${table} is left over from a REINDEX CONCURRENTLY that did not finish. ${costs}`
    : `The index ${index} of ${table} is not valid: building it failed. ${costs}${definition === null ? '' : ` It was to be: ${definition}.`}`;
  const rebuild = bound && !remains && !partitioned;
  const drop = partitioned ? 'DROP INDEX' : 'DROP INDEX CONCURRENTLY';
  return {
    code: 'invalid_index',
    severity: 'warning',
    object: index,
    message,
    fix: rebuild ? `REINDEX INDEX CONCURRENTLY ${index};` : `${drop} ${index};`,
  };
}

/** Indexes that a failed build left behind. */
export const invalidIndexes = queryProbe<InvalidIndexRow>({
  name: 'invalid indexes',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('n.nspname', context.profile)),
  judge: (rows) => rows.map(judge),
});
