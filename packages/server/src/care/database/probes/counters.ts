import { formatDuration } from '../../../lib/duration.ts';
import { quoteName } from '../../../lib/sql-quote.ts';
import type { Remark } from '../finding.ts';
import type { DatabaseCounts } from '../monitor/database-activity.ts';
import { type Probe, type ProbeContext, readActivity } from '../probe.ts';
import { formatBytes, formatCount, percent } from '../units.ts';

interface DatabaseRow extends DatabaseCounts {
  /** Bytes. */
  workMemory: number;
  sharedBuffers: number;
  logsLockWaits: boolean;
  /** Of the conflicts of a standby since the reset: for rows that vacuum removed, and for locks. */
  snapshots: number;
  locks: number;
  /** Whether a standby tells its primary which rows it needs. */
  feedback: boolean;
  /** How long replay waits for statements of a standby, milliseconds; -1 = for ever. */
  replayWaits: number;
}

const SQL = `
  SELECT d.conflicts::float8 AS conflicts, blks_hit::float8 AS hits, blks_read::float8 AS reads, temp_files::float8 AS "tempFiles",
         temp_bytes::float8 AS "tempBytes", deadlocks::float8 AS deadlocks,
         xact_commit::float8 AS commits, xact_rollback::float8 AS rollbacks,
         pg_size_bytes(current_setting('work_mem'))::float8 AS "workMemory",
         pg_size_bytes(current_setting('shared_buffers'))::float8 AS "sharedBuffers",
         current_setting('log_lock_waits')::boolean AS "logsLockWaits",
         c.confl_snapshot::float8 AS snapshots, c.confl_lock::float8 AS locks,
         current_setting('hot_standby_feedback')::boolean AS feedback,
         (SELECT setting::float8 FROM pg_settings WHERE name = 'max_standby_streaming_delay') AS "replayWaits"
  FROM pg_stat_database d JOIN pg_stat_database_conflicts c USING (datid)
  WHERE d.datname = current_database()`;

const HOUR = 3_600;
const DAY = 86_400;
const MEGABYTE = 1_048_576;
/** A share of hits under which nearly every query waits for the disk. */
const COLD = 0.9;

/** Counts, with the time in which they were counted. */
interface Span {
  counts: DatabaseCounts;
  seconds: number;
  /** As it stands in a sentence: `in the last hour`. */
  time: string;
}

interface Judged {
  row: DatabaseRow;
  context: ProbeContext;
  /** What is a matter of now, and what is a matter of days. */
  lately: Span;
  daily: Span;
}

/** Events that were counted within the first day are not stretched to more of them. */
function perDay(count: number, seconds: number): number {
  return count / Math.max(1, seconds / DAY);
}

function judgeCache({ row: { sharedBuffers }, context: { thresholds }, lately }: Judged): Remark[] {
  const { hits, reads } = lately.counts;
  const share = hits / Math.max(1, hits + reads);
  if (reads < thresholds.cache_reads || share >= thresholds.cache_hit) return [];
  return [
    {
      code: 'cache_hit',
      severity: share < COLD ? 'warning' : 'info',
      object: 'buffer cache',
      message: `${percent(share)} of the pages that were read came from shared_buffers (${formatBytes(sharedBuffers)}); ${formatCount(reads)} pages came from the system ${lately.time}. The new value needs a restart.`,
      fix: `ALTER SYSTEM SET shared_buffers = '${Math.round((2 * sharedBuffers) / MEGABYTE)}MB';`,
    },
  ];
}

function judgeTemporary({ row, context: { server, thresholds }, daily }: Judged): Remark[] {
  const { tempBytes, tempFiles } = daily.counts;
  if (perDay(tempBytes, daily.seconds) < thresholds.temp_bytes_per_day) return [];
  const work = Math.round((2 * row.workMemory) / MEGABYTE) || 1;
  return [
    {
      code: 'temp_files',
      severity: 'warning',
      object: `database ${server.database}`,
      message: `Sorts and joins that did not fit into work_mem (${formatBytes(row.workMemory)}) wrote ${formatCount(tempFiles)} temporary files, ${formatBytes(tempBytes)}, ${daily.time}.`,
      fix: `ALTER DATABASE ${quoteName(server.database)} SET work_mem = '${work}MB';`,
    },
  ];
}

/** Statements that fail are work for nothing, and each says that something is amiss in the application. */
function judgeRollbacks({ context: { server, thresholds }, lately }: Judged): Remark[] {
  const { commits, rollbacks } = lately.counts;
  const share = rollbacks / Math.max(1, commits + rollbacks);
  if (rollbacks < thresholds.rollbacks_least || share < thresholds.rollbacks) return [];
  return [
    {
      code: 'rollbacks',
      severity: 'warning',
      object: `database ${server.database}`,
      message: `${percent(share)} of the transactions were rolled back, ${formatCount(rollbacks)} ${lately.time}. The server's log names the statements that failed.`,
      fix: 'SELECT datname, xact_commit, xact_rollback, conflicts, deadlocks, stats_reset FROM pg_stat_database WHERE datname = current_database();',
    },
  ];
}

function judgeDeadlocks({ row: { logsLockWaits }, context: { server, thresholds }, daily }: Judged): Remark[] {
  const { deadlocks } = daily.counts;
  if (deadlocks === 0) return [];
  const often = perDay(deadlocks, daily.seconds) >= thresholds.deadlocks_per_day;
  const times = deadlocks === 1 ? 'One deadlock' : `${formatCount(deadlocks)} deadlocks`;
  return [
    {
      code: 'deadlocks',
      severity: often ? 'warning' : 'info',
      object: `database ${server.database}`,
      message: `${times} ${daily.time}: transactions take the same locks in different orders, and Postgres ended one of each pair. The server's log names the statements${logsLockWaits ? '' : '; log_lock_waits shows the waits that lead there'}.`,
      fix: logsLockWaits
        ? 'SELECT pid, pg_blocking_pids(pid), state, query FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0;'
        : `ALTER DATABASE ${quoteName(server.database)} SET log_lock_waits = on;`,
    },
  ];
}

/**
 * Who tells the primary which rows are needed here loses no statement to vacuum, at the price that vacuum waits there; for
 * locks, and where that is told already, replay can only wait longer.
 */
function wayOutOfConflicts({ snapshots, feedback, replayWaits }: DatabaseRow): { advice: string; fix: string } {
  if (snapshots > 0 && !feedback) {
    const advice =
      'With hot_standby_feedback the primary keeps the rows that statements need here, so that a long one here holds vacuum up there.';
    return { advice, fix: 'ALTER SYSTEM SET hot_standby_feedback = on;' };
  }
  const longer = replayWaits < 0 ? -1 : Math.max(60_000, 2 * replayWaits);
  const advice = 'Replay can wait longer for statements; the standby is behind by as much meanwhile.';
  return { advice, fix: `ALTER SYSTEM SET max_standby_streaming_delay = ${longer};` };
}

/** Statements of a standby that were ended for replay to go on. */
function judgeConflicts({ row, context: { server, thresholds }, daily }: Judged): Remark[] {
  const { conflicts } = daily.counts;
  if (!server.standby || conflicts === 0) return [];
  const often = perDay(conflicts, daily.seconds) >= thresholds.standby_conflicts_per_day;
  const ended = conflicts === 1 ? 'One statement' : `${formatCount(conflicts)} statements`;
  const { advice, fix } = wayOutOfConflicts(row);
  return [
    {
      code: 'standby_conflicts',
      severity: often ? 'warning' : 'info',
      object: `database ${server.database}`,
      message: `${ended} of this standby ${conflicts === 1 ? 'was' : 'were'} ended ${daily.time} because replay could not wait for ${conflicts === 1 ? 'it' : 'them'}; since the reset ${formatCount(row.snapshots)} for rows that vacuum removed on the primary, ${formatCount(row.locks)} for locks. ${advice} Run SELECT pg_reload_conf() after the change.`,
      fix,
    },
  ];
}

const JUDGES = [judgeCache, judgeTemporary, judgeDeadlocks, judgeRollbacks, judgeConflicts];

/**
 * The spans that are judged: an average over months does not see what has changed. Where nothing is stored yet, all that
 * was counted since the reset is all that is known.
 */
async function spansOf(
  row: DatabaseRow,
  { server, activity }: ProbeContext,
): Promise<Pick<Judged, 'lately' | 'daily'>> {
  const recent = await readActivity(activity);
  if (recent) {
    return {
      lately: { counts: recent.lastHour, seconds: HOUR, time: 'in the last hour' },
      daily: { counts: recent.lastDay, seconds: DAY, time: 'in the last 24 hours' },
    };
  }
  const time = `in the ${formatDuration(server.statisticsAge * 1_000)} since the statistics were reset`;
  const all = { counts: row, seconds: server.statisticsAge, time };
  return { lately: all, daily: all };
}

/** What the counters of the database say about the cache, temporary files, deadlocks, rollbacks and conflicts of late. */
export const counters: Probe = {
  name: 'cache, temporary files, deadlocks and rollbacks',
  needsAllStatistics: false,
  primaryOnly: false,
  async run(db, context) {
    const [row] = await db.query<DatabaseRow>(SQL);
    if (!row) return [];
    const judged: Judged = { row, context, ...(await spansOf(row, context)) };
    return JUDGES.flatMap((judge) => judge(judged));
  },
};
