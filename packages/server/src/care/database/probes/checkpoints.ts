import { queryProbe } from '../probe.ts';
import { formatBytes, formatCount, percent } from '../units.ts';

interface CheckpointRow {
  timed: number;
  requested: number;
  /** Bytes. */
  maxWal: number;
}

const MEGABYTE = 1_048_576;

/** The counters moved to a view of their own in 17. */
const SQL = (version: number) => `
  SELECT ${version >= 170_000 ? 'num_timed' : 'checkpoints_timed'}::float8 AS timed,
         ${version >= 170_000 ? 'num_requested' : 'checkpoints_req'}::float8 AS requested,
         pg_size_bytes(current_setting('max_wal_size'))::float8 AS "maxWal"
  FROM ${version >= 170_000 ? 'pg_stat_checkpointer' : 'pg_stat_bgwriter'}`;

/** Whether checkpoints come when it is time, or because the WAL is full. */
export const checkpoints = queryProbe<CheckpointRow>({
  name: 'checkpoints',
  sql: ({ server }) => SQL(server.version),
  judge: ([row], { thresholds }) => {
    const { timed = 0, requested = 0, maxWal = 0 } = row ?? {};
    if (requested < thresholds.checkpoints_requested || requested <= timed) return [];
    return [
      {
        code: 'checkpoints',
        severity: 'warning',
        object: 'checkpoints',
        message: `${formatCount(requested)} of ${formatCount(requested + timed)} checkpoints (${percent(requested / (requested + timed))}) came before their time, mostly because the WAL reached max_wal_size (${formatBytes(maxWal)}); each makes writes more expensive. Run SELECT pg_reload_conf() after the change.`,
        fix: `ALTER SYSTEM SET max_wal_size = '${Math.round((2 * maxWal) / MEGABYTE)}MB';`,
      },
    ];
  },
});
