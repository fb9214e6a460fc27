/** A server that replays the log of a restored data directory. */
export interface RecoveryServer {
  /** Where a data directory can be built that the server may enter; `discard` or `moveTo` ends it. */
  place(near: string): Promise<RecoveryPlace>;
  /** The major versions that are installed. */
  has(major: number): Promise<boolean>;
  /** Extensions that come with the server of a major version. */
  extensions(major: number): Promise<ReadonlySet<string>>;
  /**
   * Starts the server; resolves when it has promoted itself and takes connections on a socket that only this user and
   * the server's can reach.
   * @throws YumOpsError `postgres_start_failed` with the server's last words
   */
  start(options: RecoveryOptions): Promise<RecoveredServer>;
}

export interface RecoveryPlace {
  /** An empty folder for the data directory. */
  readonly dataDir: string;
  /** Makes everything in it durable and puts it at its place. */
  moveTo(path: string): Promise<void>;
  discard(): Promise<void>;
}

export interface RecoveryOptions {
  major: number;
  dataDir: string;
  settings: Readonly<Record<string, string | number>>;
  /** Ends a replay that is under way, and with it the server. */
  signal?: AbortSignal | undefined;
}

export interface RecoveredServer {
  /** For a role of the restored cluster; nobody is asked for a password. */
  url(role: string, database: string): string;
  stop(): Promise<void>;
}
