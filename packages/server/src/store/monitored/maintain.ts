import type pg from 'pg';
import type { MaintainedDatabase, WorkLimits } from '../../care/database/index.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { hearing, marked, openSession, read } from './connect.ts';
import { asDatabaseError } from './database-error.ts';

const CANCEL_AGAIN_MS = 500;
const PROCESS = 'SELECT pg_backend_pid() AS pid';
const POOLER_ROUNDS = 10;

/** Two keys, so that the lease meets no advisory lock that the application takes with one. */
const LEASE = '1498772047, 1835100526';

/**
 * What a session that works is set to, beside the limits of each statement: it yields to the application when it reads
 * and writes much, keeps to one processor, and lets commits of the application not wait for its own to be on disk: what a
 * crash of the server takes back the next run does again.
 */
const CALM = [
  'SET max_parallel_maintenance_workers = 0',
  'SET max_parallel_workers_per_gather = 0',
  'SET synchronous_commit = off',
  "SET application_name = 'yumops maintenance'",
];

/**
 * VACUUM and ANALYZE go through a few pages in turn, and before a changed one is used again its log must be on disk: with
 * the 256 kB of Postgres that is a flush every few milliseconds, in front of which the commits of the application queue. So
 * slow, the log is there already; servers from 16 on can use more pages, and by then the log is there as well.
 */
const SLOW_VACUUM = "SET vacuum_cost_delay = '10ms'";
const WIDE_VACUUM = "SET vacuum_cost_delay = '2ms'; SET vacuum_buffer_usage_limit = '16MB'";
const KNOWS_WIDTH = 160_000;

/** Opens a database for upkeep. @throws YumOpsError `database_unavailable`, `too_many_connections` */
export async function connectMaintained(name: string, url: string): Promise<MaintainedDatabase> {
  const watcher = await openSession(name, url);
  return new MaintainedConnection(name, url, watcher);
}

interface Worker {
  client: pg.Client;
  pid: number;
}

class MaintainedConnection implements MaintainedDatabase {
  readonly #name: string;
  readonly #url: string;
  readonly #watcher: pg.Client;
  #worker: Worker | undefined;
  #leased = false;

  constructor(name: string, url: string, watcher: pg.Client) {
    this.#name = name;
    this.#url = url;
    this.#watcher = watcher;
  }

  query: MaintainedDatabase['query'] = (sql, limits) => read(this.#watcher, this.#name, sql, limits);

  workerPid(): number | null {
    return this.#worker?.pid ?? null;
  }

  execute(sql: string, limits: WorkLimits): Promise<string[]> {
    return this.#work(limits, async ({ client }) => {
      await client.query(`SET lock_timeout = ${limits.lock}; SET statement_timeout = ${limits.statement}`);
      const notices = await hearing(client, () => client.query(sql));
      return notices.filter((notice) => notice.startsWith('WARNING'));
    });
  }

  change<Result>(work: (tx: Queryable) => Promise<Result>, limits: WorkLimits): Promise<Result> {
    return this.#work(limits, async ({ client }) => {
      const tx: Queryable = {
        query: async <Row>(sql: string, values: readonly unknown[] = []) =>
          (await client.query(marked(sql), [...values])).rows as Row[],
      };
      await client.query(
        `BEGIN; SET LOCAL lock_timeout = ${limits.lock}; SET LOCAL statement_timeout = ${limits.statement}`,
      );
      try {
        const result = await work(tx);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  async takeLease(): Promise<boolean> {
    await this.#requireOwnSession();
    // Not through `read`: the lock of a session must not hang on a transaction of it.
    const { rows } = await this.#asking(`SELECT pg_try_advisory_lock(${LEASE}) AS taken`);
    this.#leased = rows[0]?.taken === true;
    return this.#leased;
  }

  async holdsLease(): Promise<boolean> {
    if (!this.#leased) return false;
    try {
      await this.#watcher.query('SELECT 1');
      return true;
    } catch {
      this.#leased = false;
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#worker?.client.end().catch(() => undefined);
    await this.#watcher.end().catch(() => undefined);
  }

  /**
   * Behind a pooler that hands out server connections by transaction, the lease and the settings of upkeep would stay with
   * connections of the application. It shows in a process that serves two sessions, or in one that changes under us; the
   * application takes and gives connections meanwhile, so it is looked at again and again.
   */
  async #requireOwnSession(): Promise<void> {
    const own = async () => (await this.#asking(PROCESS)).rows[0]?.pid as number;
    const before = await own();
    // A pooler gives a number of its own to its clients; the server gives that of the process.
    if ((this.#watcher as pg.Client & { processID?: number }).processID === before) return;
    const other = await openSession(this.#name, this.#url);
    try {
      let isOwn = true;
      for (let round = 0; isOwn && round < POOLER_ROUNDS; round++) {
        const { rows } = await other.query<{ pid: number }>(PROCESS);
        // Twice: a pooler that hands out connections in turn shows in two statements that follow each other.
        isOwn = rows[0]?.pid !== before && (await own()) === before && (await own()) === before;
      }
      if (isOwn) return;
    } finally {
      await other.end().catch(() => undefined);
    }
    throw new YumOpsError(
      'pooled_connection',
      `The address of the database "${this.#name}" leads to a pooler that hands out connections by transaction, and upkeep needs a session of its own.`,
      {
        hint: 'Give the address of the server itself, or of the pooler in session mode, as url under maintenance.',
        status: 409,
      },
    );
  }

  async #asking(sql: string) {
    try {
      return await this.#watcher.query(sql);
    } catch (error) {
      throw asDatabaseError(this.#name, error);
    }
  }

  /** A worker whose connection broke is replaced at the next work. */
  async #work<Result>({ signal }: WorkLimits, work: (worker: Worker) => Promise<Result>): Promise<Result> {
    signal?.throwIfAborted();
    const worker = await this.#openWorker();
    // Who stopped it meanwhile is not heard by a listener that is added now.
    signal?.throwIfAborted();
    const ended = new AbortController();
    let cancelling = Promise.resolve();
    const cancel = () => {
      cancelling = this.#cancelUntilEnded(worker.pid, ended.signal);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await work(worker);
    } catch (error) {
      const told = asDatabaseError(this.#name, error);
      if (told instanceof YumOpsError && told.code === 'database_unavailable') await this.#dropWorker(worker);
      // Postgres tells of an error before it lets go of locks; the answer to this comes after.
      else await worker.client.query('SELECT 1').catch(() => undefined);
      signal?.throwIfAborted();
      throw told;
    } finally {
      signal?.removeEventListener('abort', cancel);
      ended.abort();
      // What is still on its way must not meet the next statement.
      await cancelling;
    }
  }

  /** A request that comes before the statement does nothing, so it is made again until the statement has ended. */
  async #cancelUntilEnded(pid: number, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await this.#watcher.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined);
      await systemClock.sleep(CANCEL_AGAIN_MS, ended).catch(() => undefined);
    }
  }

  async #openWorker(): Promise<Worker> {
    if (this.#worker) return this.#worker;
    const client = await openSession(this.#name, this.#url);
    try {
      for (const setting of CALM) await client.query(setting);
      const { rows } = await client.query(
        "SELECT pg_backend_pid() AS pid, current_setting('server_version_num')::int AS version",
      );
      await client.query(rows[0].version >= KNOWS_WIDTH ? WIDE_VACUUM : SLOW_VACUUM);
      this.#worker = { client, pid: rows[0].pid };
      client.once('end', () => {
        if (this.#worker?.client === client) this.#worker = undefined;
      });
      return this.#worker;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw asDatabaseError(this.#name, error);
    }
  }

  async #dropWorker(worker: Worker): Promise<void> {
    if (this.#worker === worker) this.#worker = undefined;
    await worker.client.end().catch(() => undefined);
  }
}
