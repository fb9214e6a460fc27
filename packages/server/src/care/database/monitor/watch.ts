import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import type { TelemetryWriter } from '../../../lib/telemetry.ts';
import type { DatabaseConfig } from '../config.ts';
import type { Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { DatabaseSampler } from './sampler.ts';

/** Milliseconds between two samples of a database. */
const EVERY = 30_000;

export interface WatchContext {
  service: string;
  writer: TelemetryWriter;
  clock: Clock;
  log: Log;
  connect(name: string, url: string): Promise<MonitoredDatabase & { close(): Promise<void> }>;
  /** Takes what only somebody who remembers can say about a database, after every sample. */
  report(name: string, remarks: readonly Remark[]): Promise<void>;
}

/** Samples the databases of the configuration, each at its own pace: one that hangs does not hold up another. */
export class DatabaseWatch {
  readonly #context: WatchContext;
  #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(context: WatchContext) {
    this.#context = context;
  }

  start(databases: readonly DatabaseConfig[]): void {
    const { signal } = this.#stopping;
    const usable = databases.filter(({ broken }) => broken === null);
    this.#running = Promise.all(usable.map((database) => this.#follow(database, signal)));
  }

  /** Goes on with other databases; what was remembered of the old ones is forgotten. */
  async reload(databases: readonly DatabaseConfig[]): Promise<void> {
    await this.stop();
    this.#stopping = new AbortController();
    this.start(databases);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #follow({ name, url }: DatabaseConfig, signal: AbortSignal): Promise<void> {
    const { clock, log, service, writer, connect, report } = this.#context;
    const sampler = new DatabaseSampler({ name, service, writer, clock });
    let lost = false;
    while (!signal.aborted) {
      try {
        const db = await connect(name, url.reveal());
        try {
          await report(name, await sampler.sample(db));
        } finally {
          await db.close();
        }
        if (lost) log.info(`the database "${name}" can be watched again`);
        lost = false;
      } catch (error) {
        if (!lost) log.warn(`the database "${name}" cannot be watched`, { error: messageOf(error) });
        lost = true;
      }
      await clock.sleep(EVERY, signal).catch(() => undefined);
    }
  }
}
