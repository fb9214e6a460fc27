import { formatDuration } from '../../../lib/duration.ts';
import type { CheckpointCounts } from '../monitor/database-activity.ts';
import { type Probe, type ProbeContext, readActivity } from '../probe.ts';
import { formatBytes, formatCount, percent } from '../units.ts';

interface CheckpointRow extends CheckpointCounts {
  /** Bytes. */
  maxWal: number;
  /** Seconds since the counting began. */
  age: number;
}

const MEGABYTE = 1_048_576;

/** The counters moved to a view of their own in 17. */
const SQL = (version: number) => `
  SELECT ${version >= 170_000 ? 'num_timed' : 'checkpoints_timed'}::float8 AS timed,
         ${version >= 170_000 ? 'num_requested' : 'checkpoints_req'}::float8 AS requested,
         pg_size_bytes(current_setting('max_wal_size'))::float8 AS "maxWal",
         extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time()))::float8 AS age
  FROM ${version >= 170_000 ? 'pg_stat_checkpointer' : 'pg_stat_bgwriter'}`;

/** The last day where it is stored, else all that was counted since the reset. */
async function counted({ timed, requested, age }: CheckpointRow, { activity }: ProbeContext) {
  const recent = await readActivity(activity);
  if (recent) return { ...recent.lastDay, time: 'in the last 24 hours' };
  return { timed, requested, time: `in the ${formatDuration(age * 1_000)} since the statistics were reset` };
}

/** Whether checkpoints come when it is time, or because the WAL is full. */
export const checkpoints: Probe = {
  name: 'checkpoints',
  needsAllStatistics: false,
  primaryOnly: false,
  async run(db, context) {
    const [row] = await db.query<CheckpointRow>(SQL(context.server.version));
    if (!row) return [];
    const { timed, requested, time } = await counted(row, context);
    if (requested < context.thresholds.checkpoints_requested || requested <= timed) return [];
    return [
      {
        code: 'checkpoints',
        severity: 'warning',
        object: 'checkpoints',
        message: `${formatCount(requested)} of ${formatCount(requested + timed)} checkpoints (${percent(requested / (requested + timed))}) ${time} came before their time, mostly because the WAL reached max_wal_size (${formatBytes(row.maxWal)}); each makes writes more expensive. Run SELECT pg_reload_conf() after the change.`,
        fix: `ALTER SYSTEM SET max_wal_size = '${Math.round((2 * row.maxWal) / MEGABYTE)}MB';`,
      },
    ];
  },
};
