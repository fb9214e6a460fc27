import type { TableStatus } from '@yumops/protocol';
import type { DatabaseProfile } from '../config.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { notLocked, ownSchema } from '../probe.ts';
import type { Growth } from './growth.ts';

const ISO = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;

const SQL = (own: string, limit: number) => `
  SELECT c.oid::regclass::text AS table, CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
         pg_total_relation_size(c.oid)::float8 AS bytes, pg_relation_size(c.oid)::float8 AS "tableBytes",
         pg_indexes_size(c.oid)::float8 AS "indexBytes",
         coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0)::float8 AS "toastBytes",
         s.n_dead_tup::float8 AS "deadRows", s.seq_scan::float8 AS "sequentialScans",
         coalesce(s.idx_scan, 0)::float8 AS "indexScans",
         to_char(greatest(s.last_vacuum, s.last_autovacuum) AT TIME ZONE 'UTC', ${ISO}) AS "lastVacuum",
         to_char(greatest(s.last_analyze, s.last_autoanalyze) AT TIME ZONE 'UTC', ${ISO}) AS "lastAnalyze"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_stat_all_tables s ON s.relid = c.oid
  WHERE ${notLocked('c.oid')} AND c.relkind IN ('r', 'm') AND ${own}
  ORDER BY 3 DESC, 1 LIMIT ${limit}`;

/** The largest tables, partitions each for itself. */
export function readTables(
  db: MonitoredDatabase,
  profile: DatabaseProfile,
  limit: number,
): Promise<Omit<TableStatus, keyof Growth>[]> {
  return db.query(SQL(ownSchema('n.nspname', profile), limit));
}
