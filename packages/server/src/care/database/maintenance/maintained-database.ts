import type { Queryable } from '../../../lib/db.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';

/** How long a change may wait and last, in milliseconds. */
export interface WorkLimits {
  /** In the queue for a lock: those who come later wait behind us. */
  lock: number;
  /** In all; 0 = as long as it takes. */
  statement: number;
  /** Ends the statement on the server. */
  signal?: AbortSignal | undefined;
}

/**
 * The port to a database that we change. It has two sessions: one that looks and holds the lease, and one that works.
 * Implemented in `store/monitored`.
 */
export interface MaintainedDatabase extends MonitoredDatabase {
  /** Process of the session that works, for looking at its progress; null before its first work. */
  workerPid(): number | null;
  /**
   * Runs one statement outside a transaction, as VACUUM and REINDEX CONCURRENTLY want it.
   * @returns what the server warned of
   * @throws an error whose `code` is the SQLSTATE, or YumOpsError `database_unavailable`
   */
  execute(sql: string, limits: WorkLimits): Promise<string[]>;
  /** Runs several statements as one transaction. Names in them must carry their schema. */
  change<Result>(work: (tx: Queryable) => Promise<Result>, limits: WorkLimits): Promise<Result>;
  /**
   * Takes the lease: one runner a database, wherever it runs. It is held until `close`, or until the session is lost.
   * @returns false when somebody else has it
   * @throws YumOpsError `pooled_connection` where a session is not ours for as long as it is open
   */
  takeLease(): Promise<boolean>;
  /** Whether the lease is still ours. */
  holdsLease(): Promise<boolean>;
  close(): Promise<void>;
}
