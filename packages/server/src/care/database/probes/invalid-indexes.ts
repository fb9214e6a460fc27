import type { DatabaseProfile } from '../config.ts';
import type { Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { notLocked, ownSchema, queryProbe } from '../probe.ts';

/** An index that a failed build left behind. */
export interface InvalidIndexRow {
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

/** Whether it is what a REINDEX CONCURRENTLY left that did not finish: a copy that nobody asked for. */
export function isLeftover({ name }: Pick<InvalidIndexRow, 'name'>): boolean {
  return /_cc(new|old)\d*$/.test(name);
}

/** The statement that drops an index. */
export function dropOf({ index, partitioned }: Pick<InvalidIndexRow, 'index' | 'partitioned'>): string {
  return `${partitioned ? 'DROP INDEX' : 'DROP INDEX CONCURRENTLY'} ${index};`;
}

/** The indexes that are not valid and that nobody builds at the moment. */
export function readInvalidIndexes(db: MonitoredDatabase, profile: DatabaseProfile): Promise<InvalidIndexRow[]> {
  return db.query<InvalidIndexRow>(SQL(ownSchema('n.nspname', profile)));
}

function judge({ index, name, table, definition, partitioned, bound }: InvalidIndexRow): Remark {
  const remains = isLeftover({ name });
  const costs = 'No query uses it, and every write still pays for it.';
  const message = remains
    ? `The index ${index} of ${table} is left over from a REINDEX CONCURRENTLY that did not finish. ${costs}`
    : `The index ${index} of ${table} is not valid: building it failed. ${costs}${definition === null ? '' : ` It was to be: ${definition}.`}`;
  const rebuild = bound && !remains && !partitioned;
  return {
    code: 'invalid_index',
    severity: 'warning',
    object: index,
    message,
    fix: rebuild ? `REINDEX INDEX CONCURRENTLY ${index};` : dropOf({ index, partitioned }),
  };
}

/** Indexes that a failed build left behind. */
export const invalidIndexes = queryProbe<InvalidIndexRow>({
  name: 'invalid indexes',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('n.nspname', context.profile)),
  judge: (rows) => rows.map(judge),
});
