import { formatDuration } from '../../../lib/duration.ts';
import type { Remark } from '../finding.ts';
import { type ProbeContext, queryProbe } from '../probe.ts';
import { formatBytes } from '../units.ts';

interface StandbyRow {
  /** Null in the row of a standby about itself. */
  pid: number | null;
  standby: string;
  state: string | null;
  /** Bytes and seconds that it is behind. */
  behind: number | null;
  lag: number | null;
  paused: boolean;
}

/**
 * What the server streams its log to and that applies it. Who takes the log alone, for a backup or an archive, tells no
 * position up to which it was applied; how far that is behind is told by its slot.
 */
export const STANDBYS = 'replay_lsn IS NOT NULL';

/**
 * After the last change of an idle server the last lag stays: who has everything is not behind. Standbys that were given no
 * name are all called walreceiver.
 */
const SQL = `
  SELECT r.pid,
         CASE WHEN count(*) OVER (PARTITION BY called) = 1 THEN called
              ELSE called || ' (' || coalesce('slot ' || l.slot_name, 'pid ' || r.pid) || ')' END AS standby,
         r.state,
         pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                         replay_lsn)::float8 AS behind,
         CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM replay_lag)
              WHEN replay_lsn >= pg_current_wal_lsn() THEN 0
              ELSE extract(epoch FROM replay_lag) END::float8 AS lag, false AS paused
  FROM pg_stat_replication r
  CROSS JOIN LATERAL (SELECT coalesce(nullif(application_name, ''), host(client_addr), 'pid ' || pid) AS called) named
  LEFT JOIN pg_replication_slots l ON l.active_pid = r.pid
  WHERE ${STANDBYS}
  UNION ALL
  SELECT NULL, 'this standby', NULL,
         pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::float8,
         CASE WHEN pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()
              THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8,
         CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END
  WHERE pg_is_in_recovery()
  ORDER BY 2`;

function judge(row: StandbyRow, { thresholds: at }: ProbeContext): Remark[] {
  const bytes = row.behind ?? 0;
  const seconds = row.lag ?? 0;
  if (!row.paused && bytes < at.replication_lag_bytes && seconds < at.replication_lag) return [];
  const time = row.lag === null ? '' : ` and ${formatDuration(seconds * 1_000)}`;
  const why = row.paused ? ' Replay is paused.' : row.state ? ` Its state is ${row.state}.` : '';
  return [
    {
      code: 'replication_lag',
      severity: seconds >= at.replication_lag_critical ? 'critical' : 'warning',
      object: row.pid === null ? row.standby : `standby ${row.standby}`,
      message: `${row.standby} is ${formatBytes(Math.max(0, bytes))}${time} behind.${why}`,
      fix: row.paused
        ? 'SELECT pg_wal_replay_resume();'
        : row.pid === null
          ? 'SELECT * FROM pg_stat_wal_receiver;'
          : `SELECT * FROM pg_stat_replication WHERE pid = ${row.pid};`,
    },
  ];
}

/** How far standbys are behind, seen from the primary or from the standby itself. */
export const replication = queryProbe<StandbyRow>({
  name: 'replication',
  needsAllStatistics: true,
  sql: () => SQL,
  judge: (rows, context) => rows.flatMap((row) => judge(row, context)),
});
