import { formatDuration } from '../../../../lib/duration.ts';
import { STANDBYS } from '../../probes/replication.ts';
import type { PlanContext, Worksite } from '../action.ts';

interface LoadRow {
  active: number;
  /** Seconds that the slowest standby is behind; null when there is none. */
  lag: number | null;
  /** What copies the whole database just now. */
  dump: string | null;
  /** The oldest transaction of another client: seconds, and whose it is. */
  oldest: number | null;
  oldestPid: number | null;
}

/**
 * Whoever archives the log keeps a session open between its questions, for as long as the platform runs. A dump is in
 * one transaction from its first table to its last; its lock shows also to a role that may not see the state of others.
 */
const DUMPS_FOR_US = `(application_name ~ '^yumops backup' AND pid IN (
  SELECT pid FROM pg_locks WHERE locktype = 'virtualxid' AND granted))`;

/** Without `pg_monitor` the state of others is hidden; that they are in a transaction shows in their locks. */
const LOAD = (all: boolean) => `
  SELECT ${
    all
      ? `(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active'
            AND application_name NOT LIKE 'yumops%')`
      : `(SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'virtualxid' AND granted AND pid <> pg_backend_pid())`
  } AS active,
    (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication
     WHERE ${STANDBYS} AND replay_lsn < pg_current_wal_lsn())::float8 AS lag,
    coalesce(
      (SELECT application_name || ' (pid ' || pid || ')' FROM pg_stat_activity
       WHERE datname = current_database()
         AND (application_name ~ '^(pg_dump|pg_dumpall)' OR ${DUMPS_FOR_US}) LIMIT 1),
      (SELECT 'a base backup (pid ' || pid || ')' FROM pg_stat_progress_basebackup LIMIT 1)) AS dump,
    old.age AS oldest, old.pid AS "oldestPid"
  FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age, pid FROM pg_stat_activity
    WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
      AND backend_type = 'client backend' AND application_name NOT LIKE 'yumops%'
    ORDER BY xact_start LIMIT 1
  ) old ON true`;

/** A transaction that is open for longer would let a concurrent build wait for its end. Seconds. */
const OLD_TRANSACTION = 30;

const LOOK_AGAIN_MS = 2_000;

function trouble(row: LoadRow, { maxActiveSessions, maxReplicaLag }: PlanContext['settings']): string | null {
  if (row.dump !== null) return `${row.dump} copies the database just now`;
  if (row.active > maxActiveSessions) return `the server is busy: ${row.active} sessions are at work`;
  if (row.lag !== null && row.lag * 1_000 > maxReplicaLag) {
    return `a standby is ${formatDuration(row.lag * 1_000)} behind`;
  }
  return null;
}

function oldTransaction({ oldest, oldestPid }: LoadRow): string | null {
  if (oldest === null || oldest < OLD_TRANSACTION) return null;
  return `a transaction of pid ${oldestPid} has been open for ${formatDuration(oldest * 1_000)}`;
}

/**
 * Waits until the server has room for upkeep: few sessions at work, standbys that keep up, no dump, and where asked no
 * old transaction.
 * @returns why it did not become calm in time; null when it is calm
 */
export async function waitUntilCalm(
  site: Worksite,
  { withoutOldTransactions = false }: { withoutOldTransactions?: boolean } = {},
): Promise<string | null> {
  const { db, server, settings, clock, signal } = site;
  const end = clock.monotonic() + settings.patience;
  for (;;) {
    const [row] = await db.query<LoadRow>(LOAD(server.readsAllStatistics));
    const why = row && (trouble(row, settings) ?? (withoutOldTransactions ? oldTransaction(row) : null));
    site.waits(why ?? null);
    if (!why) return null;
    if (clock.monotonic() >= end) return why;
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}
