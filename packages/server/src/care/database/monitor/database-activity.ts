/** What Postgres has counted of one database. Counters only grow until they are reset. */
export interface DatabaseCounters {
  /** When the counting began; another text after a reset. */
  since: string;
  /** Pages that were found in the buffers of the server, and pages that came from the system. */
  hits: number;
  reads: number;
  /** Transactions. */
  commits: number;
  rollbacks: number;
  tempFiles: number;
  /** Bytes. */
  tempBytes: number;
  deadlocks: number;
  /** Statements of a standby that were ended so that it could go on to replay; none on a primary. */
  conflicts: number;
}

/** What happened in a database in some time. */
export type DatabaseCounts = Omit<DatabaseCounters, 'since'>;

/** Checkpoints of a whole server. */
export interface CheckpointCounts {
  timed: number;
  requested: number;
}

/** What happened of late, as it was sampled. */
export interface RecentActivity {
  lastHour: DatabaseCounts;
  lastDay: DatabaseCounts & CheckpointCounts;
}

export const DATABASE_COUNTERS_SQL = `
  SELECT coalesce(stats_reset::text, '') AS since, blks_hit::float8 AS hits, blks_read::float8 AS reads,
         xact_commit::float8 AS commits, xact_rollback::float8 AS rollbacks, temp_files::float8 AS "tempFiles",
         temp_bytes::float8 AS "tempBytes", deadlocks::float8 AS deadlocks, conflicts::float8 AS conflicts
  FROM pg_stat_database WHERE datname = current_database()`;

/** How each counter is stored: as the growth between two looks, under a name and labels of the relation `metrics`. */
export const COUNTER_METRICS: Readonly<
  Record<keyof DatabaseCounts, { name: string; labels: Readonly<Record<string, string>>; unit: string | null }>
> = {
  hits: { name: 'db_pages', labels: { kind: 'hit' }, unit: null },
  reads: { name: 'db_pages', labels: { kind: 'read' }, unit: null },
  commits: { name: 'db_transactions', labels: { kind: 'commit' }, unit: null },
  rollbacks: { name: 'db_transactions', labels: { kind: 'rollback' }, unit: null },
  tempFiles: { name: 'db_temp_files', labels: {}, unit: null },
  tempBytes: { name: 'db_temp_bytes', labels: {}, unit: 'bytes' },
  deadlocks: { name: 'db_deadlocks', labels: {}, unit: null },
  conflicts: { name: 'db_conflicts', labels: {}, unit: null },
};

const COUNTERS = Object.keys(COUNTER_METRICS) as (keyof DatabaseCounts)[];

/** What happened between two looks; undefined when counters were reset meanwhile, since part of it is lost then. */
export function databaseActivity(before: DatabaseCounters, now: DatabaseCounters): DatabaseCounts | undefined {
  const growth = COUNTERS.map((counter) => [counter, now[counter] - before[counter]] as const);
  if (now.since !== before.since || growth.some(([, grown]) => grown < 0)) return undefined;
  return Object.fromEntries(growth) as unknown as DatabaseCounts;
}
