import { type BackupConnection, type BackupDatabase, quoteIdentifier } from '../database.ts';
import { LOCK_WAIT } from './dump-arguments.ts';
import { type Counter, type CountOptions, countRows, type TableRecord } from './rows.ts';
import type { Split } from './split.ts';

interface Lent {
  /** The session that has exported the snapshot. */
  lender: BackupConnection;
  snapshot: string;
}

/** Sessions that count the rows of one moment. */
export class Counters {
  readonly #lender: BackupConnection;
  readonly #counters: Counter[] = [];
  readonly #processes: number[] = [];

  private constructor(lender: BackupConnection) {
    this.#lender = lender;
  }

  /**
   * Opens a session for each job, and shares out among them what other `pg_dump` than the first one write: each keeps others from
   * emptying or altering its tables until it has counted them. What is emptied is empty at every moment. A table that one session held
   * and another had yet to count would let both wait for ever, as soon as somebody wants to alter it.
   * @param signal ends what the sessions do, also while they wait for a lock
   * @throws what the database says, such as of a lock that is not free within a minute
   */
  static async open(
    database: BackupDatabase,
    { lender, snapshot }: Lent,
    { groups, jobs }: Split,
    signal: AbortSignal,
  ): Promise<Counters> {
    const counters = new Counters(lender);
    try {
      const shares = Array.from({ length: jobs }, (_, n) => groups[n - 1] ?? []);
      for (const holds of shares) await counters.#add(await database.connect(), snapshot, holds);
      await counters.#endedBy(signal, () => Promise.all(counters.#counters.map(holdTables)));
      return counters;
    } catch (error) {
      await counters.close();
      throw error;
    }
  }

  async #add(connection: BackupConnection, snapshot: string, holds: Counter['holds']): Promise<void> {
    this.#counters.push({ connection, holds });
    await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await connection.query(`SET TRANSACTION SNAPSHOT '${snapshot}'`);
    await connection.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    const [row] = await connection.query<{ process: number }>('SELECT pg_catalog.pg_backend_pid() AS process');
    if (row) this.#processes.push(row.process);
  }

  /** Counts and hashes the rows of every table, as `countRows` does. */
  async count(options: CountOptions & { signal: AbortSignal }): Promise<TableRecord[]> {
    return this.#endedBy(options.signal, () => countRows(this.#counters, options));
  }

  async close(): Promise<void> {
    await Promise.all(this.#counters.map(({ connection }) => connection.close()));
  }

  /** A query that counts takes its time, and one that waits for a lock has none: neither is waited for when the run is over. */
  async #endedBy<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const end = () => {
      const cancel = 'SELECT pg_catalog.pg_cancel_backend(process) FROM unnest($1::int[]) process';
      void this.#lender.query(cancel, [this.#processes]).catch(() => undefined);
      void this.close();
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
}

async function holdTables({ connection, holds }: Counter): Promise<void> {
  if (holds.length === 0) return;
  const names = holds.map(({ schema, name }) => `ONLY ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
  await connection.query(`SET LOCAL lock_timeout = ${LOCK_WAIT}`);
  await connection.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  // Whoever alters another table waits for its pg_dump, however long that takes, and counting it waits for him.
  await connection.query('SET LOCAL lock_timeout = 0');
}
