import type { IndexStatus } from '@yumops/protocol';
import type { DatabaseProfile } from '../config.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { notLocked, ownSchema } from '../probe.ts';
import type { Growth } from './growth.ts';

const SQL = (own: string, limit: number) => `
  SELECT format('%I.%I', n.nspname, c.relname) AS index, i.indrelid::regclass::text AS table,
         pg_relation_size(c.oid)::float8 AS bytes, coalesce(s.idx_scan, 0)::float8 AS scans,
         i.indisunique AS unique, i.indisprimary AS primary, i.indisvalid AS valid,
         pg_get_indexdef(c.oid) AS definition
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = c.oid
  WHERE ${notLocked('i.indrelid')} AND ${notLocked('c.oid')} AND c.relkind = 'i' AND ${own}
  ORDER BY 3 DESC, 1 LIMIT ${limit}`;

/** The largest indexes. */
export function readIndexes(
  db: MonitoredDatabase,
  profile: DatabaseProfile,
  limit: number,
): Promise<Omit<IndexStatus, keyof Growth>[]> {
  return db.query(SQL(ownSchema('n.nspname', profile), limit));
}
