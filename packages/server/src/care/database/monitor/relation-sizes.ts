import type { DatabaseProfile } from '../config.ts';
import { notLocked, ownSchema } from '../probe.ts';

/** The room that a table or an index takes. */
export interface RelationSize {
  kind: 'table' | 'index';
  /** As SQL names it, with schema. */
  object: string;
  bytes: number;
}

/** Relations whose size is asked for, by what the catalogue says about them, and those that are kept. */
const ASKED = 1_000;
const KEPT = 300;

/** Sizes are read from the disk, file by file: only those of relations that the catalogue calls large are. */
export const RELATION_SIZES_SQL = (profile: DatabaseProfile) => `
  WITH large AS MATERIALIZED (
    SELECT c.oid, c.relkind, n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${notLocked('c.oid')} AND c.relkind IN ('r', 'm', 'i') AND ${ownSchema('n.nspname', profile)}
    ORDER BY c.relpages DESC, c.oid LIMIT ${ASKED}
  )
  SELECT CASE WHEN relkind = 'i' THEN 'index' ELSE 'table' END AS kind, format('%I.%I', nspname, relname) AS object,
         pg_total_relation_size(oid)::float8 AS bytes
  FROM large WHERE pg_total_relation_size(oid) IS NOT NULL ORDER BY 3 DESC, 2 LIMIT ${KEPT}`;
