import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import type { TelemetryWriter } from '../../../lib/telemetry.ts';
import { type Catalogue, readCatalogue } from '../changes/catalogue.ts';
import { checkDatabase, failedLook, unreachable } from '../check-database.ts';
import type { DatabaseConfig } from '../config.ts';
import { asFinding, type DatabaseFinding, inOrderOfUrgency, type Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import type { StatementRow } from '../probe.ts';
import { LIVE_PROBES, SLOW_PROBES } from '../probes/index.ts';
import { readServerFacts } from '../server-facts.ts';
import type { RecentActivity } from './database-activity.ts';
import { judgeGrowth, type SizePoint } from './disk-forecast.ts';
import { readDiskSpace } from './disk-space.ts';
import { firstRoundAfter, isDue, ROUND_MS, type Round, roundsToLeaveOut } from './looks.ts';
import { DatabaseSampler, type PastLoads } from './sampler.ts';
import { WaitSampler } from './wait-sampler.ts';

/** Milliseconds of sizes from which growth is foretold. */
const SIZES = 14 * 86_400_000;

type Connection = MonitoredDatabase & { close(): Promise<void> };

export interface WatchContext {
  service: string;
  writer: TelemetryWriter;
  clock: Clock;
  log: Log;
  connect(name: string, url: string): Promise<Connection>;
  /** Takes what only somebody who remembers can say about a database, after every sample of statements. */
  report(name: string, remarks: readonly Remark[]): Promise<void>;
  /** Takes the catalogue of a database, whose differences are written down. */
  catalogue(name: string, catalogue: Catalogue): Promise<void>;
  /** The indexes that upkeep found damaged. */
  corrupt(name: string): Promise<readonly Remark[]>;
  /** How large a database was since a time (ms since the epoch), hour by hour. */
  sizes(name: string, since: number): Promise<SizePoint[]>;
  past: PastLoads;
  /** The statements of a database that took the most time in the last 24 hours. */
  lately(name: string): Promise<StatementRow[]>;
  /** What happened in a database in the last hour and day; undefined while too little is stored. */
  activity(name: string): Promise<RecentActivity | undefined>;
}

/** What the last look at a database found. */
export interface LatestFindings {
  /** Milliseconds since the epoch. */
  at: number;
  findings: readonly DatabaseFinding[];
}

/** Watches the databases of the configuration, each at its own pace: one that hangs does not hold up another. */
export class DatabaseWatch {
  readonly #context: WatchContext;
  readonly #latest = new Map<string, LatestFindings>();
  readonly #views = new Map<string, View>();
  #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(context: WatchContext) {
    this.#context = context;
  }

  start(databases: readonly DatabaseConfig[]): void {
    const { signal } = this.#stopping;
    for (const name of this.#latest.keys()) {
      if (!databases.some((database) => database.name === name)) this.#latest.delete(name);
    }
    this.#running = Promise.all(
      databases.map((database, place) => {
        const turn = { place, after: firstRoundAfter(place, databases.length) };
        return this.#follow(database, turn, signal);
      }),
    );
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

  /** What was last found; undefined before the first look. */
  latest(name: string): LatestFindings | undefined {
    return this.#latest.get(name);
  }

  /** What only somebody who remembers can say about a database. */
  remembered(name: string): readonly Remark[] {
    return this.#views.get(name)?.remembered() ?? [];
  }

  /** The statements of a database that took the most time in the last 24 hours. */
  lately(name: string): Promise<StatementRow[]> {
    return this.#context.lately(name);
  }

  /** What happened in a database in the last hour and day; undefined while too little is stored. */
  activity(name: string): Promise<RecentActivity | undefined> {
    return this.#context.activity(name);
  }

  async #follow(
    database: DatabaseConfig,
    { place, after }: { place: number; after: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log } = this.#context;
    const { name } = database;
    const view = new View(database, this.#context, (latest) => this.#latest.set(name, latest));
    this.#views.set(name, view);
    let lost = false;
    if (after > 0) await clock.sleep(after, signal).catch(() => undefined);
    for (let number = 0; !signal.aborted; number++) {
      try {
        await view.look({ number, place });
        if (lost) log.info(`the database "${name}" can be watched again`);
        lost = false;
      } catch (error) {
        if (!lost) log.warn(`the database "${name}" cannot be watched`, { error: messageOf(error) });
        lost = true;
        await view
          .lost(error)
          .catch((failure: unknown) => log.error('a finding could not be written', { error: messageOf(failure) }));
        const missed = roundsToLeaveOut(number);
        number += missed;
        await clock.sleep(missed * ROUND_MS, signal).catch(() => undefined);
      }
      await clock.sleep(ROUND_MS, signal).catch(() => undefined);
    }
    this.#views.delete(name);
    await view.close();
  }
}

/** One database, with what is remembered of it. */
class View {
  readonly #database: DatabaseConfig;
  readonly #context: WatchContext;
  readonly #sampler: DatabaseSampler;
  readonly #found: (latest: LatestFindings) => void;
  /** Kept open: where all connections are taken it can still be seen by whom. */
  #db: Connection | undefined;
  readonly #waits: WaitSampler;
  /** What only somebody who remembers can say: of statements and waits, and of what changes slowly. */
  #sampled: readonly Remark[] = [];
  #foretold: readonly Remark[] = [];
  #unread: readonly Remark[] = [];
  #unmeasured: readonly Remark[] = [];
  #slow: readonly DatabaseFinding[] | undefined;

  constructor(database: DatabaseConfig, context: WatchContext, found: (latest: LatestFindings) => void) {
    const { service, writer, clock, past } = context;
    const { name, thresholds } = database;
    this.#database = database;
    this.#context = context;
    this.#found = found;
    this.#sampler = new DatabaseSampler({ name, service, writer, clock, past });
    this.#waits = new WaitSampler({ name, service, writer, clock, thresholds });
  }

  /** Takes what is due in this round. @throws when the database cannot be reached or asked */
  async look(round: Round): Promise<void> {
    const { name, url, broken } = this.#database;
    if (broken !== null) throw new Error(`Its address cannot be used: ${broken}.`);
    this.#db ??= await this.#context.connect(name, url.reveal());
    await this.#waits.look(this.#db);
    if (isDue('connections', round)) await this.#sampler.sampleConnections(this.#db);
    if (isDue('statements', round)) {
      this.#sampled = [
        ...(await this.#sampler.sampleStatements(this.#db)),
        ...(await this.#sampler.sampleServer(this.#db)),
        ...(await this.#waits.write()),
      ];
      await this.#context.report(name, this.remembered());
    }
    if (isDue('catalogue', round)) this.#unread = await this.#readCatalogue(this.#db);
    if (isDue('sizes', round)) this.#unmeasured = await this.#sampler.sampleSizes(this.#db, this.#database.profile);
    if (isDue('urgent', round)) await this.#check(this.#db, isDue('slow', round) || !this.#slow);
  }

  /** What is known from watching the database over time. */
  remembered(): readonly Remark[] {
    return [...this.#sampled, ...this.#foretold, ...this.#unread, ...this.#unmeasured];
  }

  async #readCatalogue(db: Connection): Promise<Remark[]> {
    const { name, profile } = this.#database;
    const server = await readServerFacts(db);
    try {
      await this.#context.catalogue(name, await readCatalogue(db, server, profile));
      return [];
    } catch (error) {
      if (codeOf(error) === 'database_unavailable') throw error;
      return [failedLook('changes', server, error)];
    }
  }

  async #check(db: Connection, everything: boolean): Promise<void> {
    const database = this.#database;
    if (everything) {
      this.#foretold = [...(await this.#forecast(db)), ...(await this.#context.corrupt(database.name))];
      this.#slow = await checkDatabase(database, db, {
        probes: SLOW_PROBES,
        watched: this.#foretold,
        lately: () => this.#context.lately(database.name),
        activity: () => this.#context.activity(database.name),
      });
    }
    const urgent = await checkDatabase(database, db, {
      probes: LIVE_PROBES,
      watched: [...this.#sampled, ...this.#unread, ...this.#unmeasured],
    });
    await this.#tell(inOrderOfUrgency([...urgent, ...(this.#slow ?? [])]));
  }

  async #tell(findings: readonly DatabaseFinding[]): Promise<void> {
    this.#found({ at: this.#context.clock.now(), findings });
    await this.#sampler.writeFindings(findings);
  }

  async #forecast(db: Connection): Promise<Remark[]> {
    const { name, capacity, thresholds } = this.#database;
    const { clock, sizes } = this.#context;
    const space = await readDiskSpace(db, capacity);
    await this.#sampler.writeDisk(space);
    return judgeGrowth(await sizes(name, clock.now() - SIZES), space, thresholds);
  }

  /** The database could not be looked at: that is a finding of its own, and of all others nothing is known. */
  async lost(error: unknown): Promise<void> {
    await this.close();
    this.#slow = undefined;
    const { name } = this.#database;
    if (codeOf(error) === 'too_many_connections') await this.#sampler.noConnectionLeft();
    await this.#tell([asFinding(name, unreachable(name, error))]);
  }

  async close(): Promise<void> {
    await this.#db?.close();
    this.#db = undefined;
  }
}
