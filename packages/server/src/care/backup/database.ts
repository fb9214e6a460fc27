/** One connection to a database that is backed up or restored into. Statements have no time limit of ours. */
export interface BackupConnection {
  /** Values are bound as `$1`, …; numbers of 64 bits arrive as text. */
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Keeps the server from ending a session that says nothing for long, where it does that (PostgreSQL 14 and later). */
export const NEVER_TOO_IDLE = `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'`;

/** A database server, or the way to it. Implemented in `store/source`. */
export interface BackupDatabase {
  /** Name of the database on its server. */
  readonly catalog: string;
  /** @param catalog another database of the same server */
  connect(catalog?: string): Promise<BackupConnection>;
  /** The same server, another database. */
  withCatalog(catalog: string): BackupDatabase;
}

/** The programs of one major version of Postgres on this machine. */
export interface ClientPrograms {
  major: number;
  /** As `pg_dump --version` says it: `15.20`. */
  version: string;
}

/** A program that reads an archive. */
export interface RestoreOptions {
  args: readonly string[];
  /** Only these lines of the archive's contents, as `contents` gives them. */
  only?: readonly string[] | undefined;
  input: AsyncIterable<Uint8Array>;
  signal?: AbortSignal | undefined;
}

/**
 * `pg_dump` and `pg_restore`. Implemented in `store/source`. The password never stands on a command line, and what
 * the programs say on stderr is read, kept short and freed of it.
 */
export interface PostgresClient {
  /**
   * The programs that fit a server best: the oldest major that is not older than it, since what a newer one writes
   * an older server may not take back.
   * @throws YumOpsError `postgres_client_missing`, with the package to install
   */
  forServer(major: number): Promise<ClientPrograms>;
  /** The stdout of `pg_dump`; it ends only when the program has ended well. @throws YumOpsError `dump_failed` */
  dump(
    programs: ClientPrograms,
    database: BackupDatabase,
    args: readonly string[],
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Runs `pg_restore` into a database. @throws YumOpsError `restore_failed` */
  restore(programs: ClientPrograms, database: BackupDatabase, options: RestoreOptions): Promise<void>;
  /** The lines of `pg_restore --list`. @param args that choose among them */
  contents(programs: ClientPrograms, input: AsyncIterable<Uint8Array>, args?: readonly string[]): Promise<string[]>;
}

/** A part of a long work. */
export type ProgressReport = (done: number, total: number | null, what: string) => void;

/** The parts of `table`, `schema.table` or `"Schema"."Table"`, and which of them were quoted. */
export function splitName(text: string): { name: string; quoted: boolean }[] {
  return [...text.matchAll(/"((?:[^"]|"")+)"|([^".]+)/g)].map(([, quoted, plain = '']) =>
    quoted === undefined ? { name: plain, quoted: false } : { name: quoted.replaceAll('""', '"'), quoted: true },
  );
}

/** Quotes an identifier for SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for SQL. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
