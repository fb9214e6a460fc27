import type { DatabaseWatch, LatestFindings } from '../care/database/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { Loop } from '../lib/loop.ts';

const EVERY_MS = 5_000;

/** What the last look at each database found, known to every instance: one looks, and writes it down for the others. */
export class SharedFindings {
  readonly #context: { db: Db; watch: Pick<DatabaseWatch, 'latest'>; names(): string[]; onDuty(): boolean };
  readonly #written = new Map<string, number>();
  readonly #loop: Loop;
  #read = new Map<string, LatestFindings>();

  constructor(context: {
    db: Db;
    watch: Pick<DatabaseWatch, 'latest'>;
    /** Names of the databases of the configuration as it is now. */
    names(): string[];
    /** Whether this instance is the one that looks. */
    onDuty(): boolean;
    clock: Clock;
    log: Log;
  }) {
    this.#context = context;
    this.#loop = new Loop(
      context.clock,
      async () => {
        await (context.onDuty() ? this.#write() : this.#readAll());
        return EVERY_MS;
      },
      (error, failures) => {
        if (failures % 30 === 1)
          context.log.warn('findings of databases are not shared', { reason: messageOf(error), failures });
        return EVERY_MS;
      },
    );
  }

  /** What was last found; undefined before the first look. */
  latest(name: string): LatestFindings | undefined {
    const [own, read] = [this.#context.watch.latest(name), this.#read.get(name)];
    return own && read ? (own.at >= read.at ? own : read) : (own ?? read);
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #write(): Promise<void> {
    const { db, watch, names } = this.#context;
    for (const name of names()) {
      const latest = watch.latest(name);
      if (!latest || this.#written.get(name) === latest.at) continue;
      await db.query(
        `INSERT INTO database_findings (database, at, findings) VALUES ($1, $2, $3)
         ON CONFLICT (database) DO UPDATE SET at = excluded.at, findings = excluded.findings
           WHERE database_findings.at <= excluded.at`,
        [name, new Date(latest.at), JSON.stringify(latest.findings)],
      );
      this.#written.set(name, latest.at);
    }
  }

  async #readAll(): Promise<void> {
    const rows = await this.#context.db.query<LatestFindings & { database: string }>(
      'SELECT database, (extract(epoch FROM at) * 1000)::float8 AS at, findings FROM database_findings',
    );
    this.#read = new Map(rows.map(({ database, at, findings }) => [database, { at, findings }]));
  }
}
