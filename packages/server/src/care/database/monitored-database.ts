/** The port to a database that belongs to somebody else. Implemented in `store/monitored`. */
export interface MonitoredDatabase {
  /**
   * Runs one statement in a read-only transaction of its own, under limits of time, so that the application never
   * waits for it. Names in the statement are looked up in `pg_catalog` alone. 64-bit integers arrive as numbers.
   * @throws an error whose `code` is the SQLSTATE, or YumOpsError `database_unavailable`
   */
  query<Row = Record<string, unknown>>(sql: string, limits?: ProbeLimits): Promise<Row[]>;
}

export interface ProbeLimits {
  /** Milliseconds after which the server gives the statement up; default 5,000. */
  timeout?: number;
  /** Reads tables from end to end, so that the statement does not make an index look used. */
  withoutIndexes?: boolean;
  /** Looks names up as the role does elsewhere: for statements of the application. */
  ownNames?: boolean;
}

/** A connection with which objects are installed, under the rights of whoever it belongs to. */
export interface AdministeredDatabase extends MonitoredDatabase {
  /** Runs a script as one transaction. @returns the notices of the server */
  apply(script: string): Promise<string[]>;
}
