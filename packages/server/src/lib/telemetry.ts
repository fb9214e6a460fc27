import type { Reach } from './reach.ts';

/** Settings of one statement; they never outlive it. */
export interface QueryLimits {
  /** Seconds, default 30. */
  maxSeconds?: number;
  /** Cancels the statement in the engine, not only the wait for it. */
  signal?: AbortSignal;
}

/** The port to the telemetry store (ClickHouse SQL). Implemented in `store/telemetry`. */
export interface TelemetryStore {
  /** Rows as objects. Parameters are bound as `{name:Type}`; 64-bit integers arrive as numbers. */
  query<Row = Record<string, unknown>>(
    sql: string,
    params?: Record<string, unknown>,
    limits?: QueryLimits,
  ): Promise<Row[]>;
  /**
   * Runs one statement that came from a user and has passed the SQL guard: read-only session, bounded time, rows
   * and bytes. Columns are described also when there are no rows.
   */
  read(
    sql: string,
    limits: QueryLimits & { maxRows: number; maxBytes: number },
  ): Promise<{ columns: { name: string; type: string }[]; rows: unknown[][] }>;
  /** A statement without a result. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;
  /**
   * Inserts one block of newline-delimited JSON rows. A second insert with the same `token` adds nothing,
   * also after a crash of either side.
   */
  insert(table: string, rows: Uint8Array, options: { token: string; rowCount: number }): Promise<void>;
  /**
   * The same store for somebody who reaches some projects only: the engine itself leaves the rows of others out of every
   * table, also below views, joins and subqueries. Tables whose rows belong to no project are empty in it.
   * @throws YumOpsError `projects_not_separable` (503) by its statements, where the engine does not
   */
  within(reach: Reach): TelemetryStore;
}

/** A row for one of the telemetry relations; `timestamp` in milliseconds since the epoch. */
export type TelemetryRow = { timestamp: number } & Record<string, unknown>;

/**
 * The port through which the platform itself writes telemetry (checks, metrics, its own logs). Implemented by
 * the ingest spool: when the promise resolves the rows are on disk and will reach the store exactly once.
 */
export interface TelemetryWriter {
  append(table: string, rows: readonly TelemetryRow[]): Promise<void>;
}
