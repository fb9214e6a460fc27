import { formatDuration } from '../../../lib/duration.ts';
import { notLocked, ownSchema, queryProbe } from '../probe.ts';
import { formatBytes } from '../units.ts';

interface UnusedIndexRow {
  index: string;
  table: string;
  bytes: number;
  writes: number;
  /** Standbys that follow this server; what they read is counted there alone. */
  standbys: number;
}

/**
 * An index that keeps a rule, carries statistics of an expression, or serves a foreign key is needed without being
 * read. Partitions are judged one by one: dropping the index of one alone is not possible, so they are left out.
 */
const SQL = (own: string) => `
  SELECT format('%I.%I', s.schemaname, s.indexrelname) AS index, s.relid::regclass::text AS table,
         pg_relation_size(s.indexrelid)::float8 AS bytes,
         (t.n_tup_ins + t.n_tup_upd - t.n_tup_hot_upd)::float8 AS writes,
         (SELECT count(*)::int FROM pg_stat_replication r
          WHERE (r.replay_lsn IS NOT NULL OR r.state IS NULL) AND coalesce(r.application_name, '') NOT LIKE 'yumops%'
            AND NOT EXISTS (SELECT FROM pg_replication_slots l WHERE l.active_pid = r.pid AND l.slot_type = 'logical')
         ) AS standbys
  FROM pg_stat_user_indexes s
  JOIN pg_index i ON i.indexrelid = s.indexrelid
  JOIN pg_class c ON c.oid = s.indexrelid
  JOIN pg_stat_user_tables t ON t.relid = s.relid
  WHERE ${notLocked('s.indexrelid')} AND s.idx_scan = 0 AND i.indisvalid AND NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident
    AND i.indexprs IS NULL AND NOT c.relispartition AND ${own}
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
    AND NOT EXISTS (
      SELECT FROM pg_constraint f
      WHERE f.contype = 'f' AND f.conrelid = s.relid AND i.indpred IS NULL
        AND (SELECT array_agg(k ORDER BY k) FROM unnest((i.indkey::int2[])[0:cardinality(f.conkey) - 1]) k)
          = (SELECT array_agg(k ORDER BY k) FROM unnest(f.conkey) k))
  ORDER BY 3 DESC, 1`;

/** Why the index may be needed all the same. */
function doubt(settled: boolean, standbys: number): string {
  const followers = standbys === 1 ? 'a standby follows' : `${standbys} standbys follow`;
  const elsewhere =
    standbys === 0
      ? ''
      : ` Reads on a standby are counted there alone, and ${followers} this server: look at idx_scan of pg_stat_user_indexes there first.`;
  return `${settled ? '' : ' That is short: a monthly report may still need it, and so may a standby.'}${elsewhere}`;
}

/** Indexes that no query has read. Whether the time was long enough to know, and nobody else reads them, decides about the severity. */
export const unusedIndexes = queryProbe<UnusedIndexRow>({
  name: 'unused indexes',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('s.schemaname', context.profile)),
  judge: (rows, { server, thresholds }) => {
    const settled = server.statisticsAge >= thresholds.unused_index_age;
    const since = formatDuration(server.statisticsAge * 1_000);
    return rows
      .filter(({ bytes }) => bytes >= thresholds.unused_index)
      .map(({ index, table, bytes, standbys }) => ({
        code: 'unused_index',
        severity: settled && standbys === 0 ? 'warning' : 'info',
        object: index,
        message: `No query has read the index ${index} of ${table} (${formatBytes(bytes)}) in the ${since} that the statistics cover.${doubt(settled, standbys)}`,
        fix: `DROP INDEX CONCURRENTLY ${index};`,
      }));
  },
});
