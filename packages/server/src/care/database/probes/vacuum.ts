import type { Remark } from '../finding.ts';
import { ownSchema, type ProbeContext, queryProbe } from '../probe.ts';
import { formatCount, percent } from '../units.ts';
import { holdsUp, OLDEST_SNAPSHOT } from './oldest-snapshot.ts';

interface VacuumRow {
  table: string;
  live: number;
  dead: number;
  /** Dead rows from which on autovacuum acts. */
  limit: number;
  enabled: boolean;
  last: string | null;
  running: boolean;
  /** Workers of autovacuum that are busy, and how many there may be. */
  busy: number;
  workers: number;
  /** Who needs the oldest rows, and how many transactions back. */
  holder: string | null;
  holderAge: number | null;
}

const SQL = (own: string) => `
  WITH options AS (
    SELECT c.oid, c.relname, n.nspname, c.reltuples,
           (SELECT jsonb_object_agg(option_name, option_value) FROM pg_options_to_table(c.reloptions)) AS own
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND ${own}
  )
  SELECT o.oid::regclass::text AS table, s.n_live_tup::float8 AS live, s.n_dead_tup::float8 AS dead,
         coalesce((own ->> 'autovacuum_vacuum_threshold')::float8, current_setting('autovacuum_vacuum_threshold')::float8)
           + coalesce((own ->> 'autovacuum_vacuum_scale_factor')::float8, current_setting('autovacuum_vacuum_scale_factor')::float8)
             * greatest(o.reltuples, 0) AS limit,
         coalesce((own ->> 'autovacuum_enabled')::boolean, true) AND current_setting('autovacuum')::boolean AS enabled,
         to_char(greatest(s.last_vacuum, s.last_autovacuum) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') AS last,
         EXISTS (SELECT FROM pg_stat_progress_vacuum p WHERE p.relid = o.oid) AS running,
         (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker') AS busy,
         current_setting('autovacuum_max_workers')::int AS workers, old.holder, old.age AS "holderAge"
  FROM options o JOIN pg_stat_all_tables s ON s.relid = o.oid
  LEFT JOIN (${OLDEST_SNAPSHOT}) old ON true
  ORDER BY s.n_dead_tup DESC, 1`;

/** Twice its own limit says that autovacuum does not keep up; without it the limit itself counts. */
function judge(row: VacuumRow, { thresholds }: ProbeContext): Remark[] {
  const limit = row.enabled ? 2 * row.limit : row.limit;
  if (row.running || row.dead < thresholds.vacuum_dead_rows || row.dead < limit) return [];
  const share = percent(row.dead / (row.dead + row.live));
  const last = row.last === null ? 'it was never vacuumed' : `it was last vacuumed at ${row.last}`;
  const off = row.enabled ? '' : ' Autovacuum is off for it.';
  const busy = row.enabled && row.busy >= row.workers ? ` All ${row.workers} workers of autovacuum are busy.` : '';
  const held = holdsUp(row.holder, row.holderAge);
  return [
    {
      code: 'vacuum',
      severity: 'warning',
      object: row.table,
      message: `${formatCount(row.dead)} of the rows of ${row.table} are dead (${share}), and ${last}.${off}${busy}${held}`,
      fix: `VACUUM (ANALYZE) ${row.table};`,
    },
  ];
}

/** Tables whose dead rows nobody clears away. */
export const vacuum = queryProbe<VacuumRow>({
  name: 'vacuum',
  primaryOnly: true,
  sql: (context) => SQL(ownSchema('n.nspname', context.profile)),
  judge: (rows, context) => rows.flatMap((row) => judge(row, context)),
});
