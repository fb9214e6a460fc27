import type { Clock } from '../../../lib/clock.ts';
import type { TelemetryRow, TelemetryWriter } from '../../../lib/telemetry.ts';
import type { Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { normaliseQuery } from '../normalise.ts';
import { CONNECTIONS_SQL, type ConnectionRow } from '../probes/connections.ts';
import { readServerFacts, type ServerFacts } from '../server-facts.ts';
import { readCounters } from './read-counters.ts';
import { HISTORY, type Interval, regressions } from './regressions.ts';
import { type StatementCounter, type StatementDelta, statementDeltas } from './statement-deltas.ts';

/** Statements of an interval whose samples are kept: those that took the most time. */
const KEPT = 100;

/** Looks at one database again and again, and remembers what its statements did. */
export class DatabaseSampler {
  readonly #name: string;
  readonly #service: string;
  readonly #writer: TelemetryWriter;
  readonly #clock: Clock;
  #counters: readonly StatementCounter[] | undefined;
  #history: Interval[] = [];

  constructor(options: { name: string; service: string; writer: TelemetryWriter; clock: Clock }) {
    this.#name = options.name;
    this.#service = options.service;
    this.#writer = options.writer;
    this.#clock = options.clock;
  }

  /**
   * Takes one sample: the use of connections as the metric `db_connection_usage`, and what each statement did since the
   * sample before as rows of `database_samples`.
   * @returns statements that have become slower
   */
  async sample(db: MonitoredDatabase): Promise<Remark[]> {
    const server = await readServerFacts(db);
    const now = this.#clock.now();
    const [connections] = await db.query<ConnectionRow>(CONNECTIONS_SQL);
    if (connections && server.readsAllStatistics) {
      await this.#writer.append('metrics', [this.#usage(connections, now)]);
    }
    const deltas = await this.#deltas(db, server);
    if (deltas.length > 0) {
      await this.#writer.append(
        'database_samples',
        deltas.slice(0, KEPT).map((delta) => this.#row(delta, now)),
      );
    }
    return regressions(this.#history, now, server.statementsSchema ?? 'public');
  }

  async #deltas(db: MonitoredDatabase, server: ServerFacts): Promise<StatementDelta[]> {
    const counters = await readCounters(db, server);
    const before = this.#counters;
    this.#counters = counters;
    if (!before) return [];
    const deltas = statementDeltas(before, counters).sort((a, b) => b.total - a.total);
    const at = this.#clock.now();
    const kept = this.#history.filter((interval) => interval.at > at - HISTORY);
    this.#history = [...kept, { at, deltas: deltas.slice(0, KEPT) }];
    return deltas;
  }

  #usage({ total, usable }: ConnectionRow, timestamp: number): TelemetryRow {
    return {
      ...this.#origin(timestamp),
      name: 'db_connection_usage',
      type: 'gauge',
      value: Math.round((total / usable) * 10_000) / 100,
      unit: 'percent',
      attributes: { database: this.#name },
    };
  }

  #row({ id, query, calls, rows, total }: StatementDelta, timestamp: number): TelemetryRow {
    return {
      ...this.#origin(timestamp),
      database: this.#name,
      queryId: id,
      query: normaliseQuery(query),
      calls,
      rows,
      totalMs: total,
    };
  }

  #origin(timestamp: number): TelemetryRow {
    return { timestamp, id: '', project: '', service: this.#service, environment: '', release: '' };
  }
}
