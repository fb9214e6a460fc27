import type { ConnectionGroup } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import { codeOf } from '../../../lib/errors.ts';
import type { TelemetryRow, TelemetryWriter } from '../../../lib/telemetry.ts';
import { failedLook } from '../check-database.ts';
import type { DatabaseProfile } from '../config.ts';
import { DATABASE_FINDING_CODES, type Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import { normaliseQuery } from '../normalise.ts';
import { CONNECTIONS_SQL, type ConnectionRow } from '../probes/connections.ts';
import { readServerFacts, type ServerFacts } from '../server-facts.ts';
import { CONNECTION_GROUPS_SQL, largestGroups } from './connection-groups.ts';
import {
  COUNTER_METRICS,
  DATABASE_COUNTERS_SQL,
  type DatabaseCounters,
  type DatabaseCounts,
  databaseActivity,
} from './database-activity.ts';
import type { DiskSpace } from './disk-space.ts';
import { readCounters } from './read-counters.ts';
import { type Interval, type PastLoad, RECENT, regressions, suspects } from './regressions.ts';
import { RELATION_SIZES_SQL, type RelationSize } from './relation-sizes.ts';
import { type ServerCounters, serverActivity, serverCountersSql } from './server-activity.ts';
import { type StatementCounter, type StatementDelta, statementDeltas } from './statement-deltas.ts';

/** Statements of an interval whose samples are kept: those that took the most time. */
const KEPT = 100;
/** Milliseconds. */
const SIZES_LIMIT = 20_000;

/** What statements of a database did before `at` (ms since the epoch), by the stored samples. */
export type PastLoads = (
  database: string,
  ids: readonly string[],
  window: { at: number; recent: number },
) => Promise<PastLoad[]>;

/** Looks at one database again and again, and remembers what its statements did. */
export class DatabaseSampler {
  readonly #name: string;
  readonly #service: string;
  readonly #writer: TelemetryWriter;
  readonly #clock: Clock;
  readonly #past: PastLoads;
  #counters: readonly StatementCounter[] | undefined;
  #history: Interval[] = [];
  /** What the server had counted at the look before, at which monotonic milliseconds. */
  #server: { counters: ServerCounters; at: number } | undefined;
  #database: DatabaseCounters | undefined;

  constructor(options: { name: string; service: string; writer: TelemetryWriter; clock: Clock; past: PastLoads }) {
    this.#name = options.name;
    this.#service = options.service;
    this.#writer = options.writer;
    this.#clock = options.clock;
    this.#past = options.past;
  }

  /** Writes the use of connections as the metric `db_connection_usage`. */
  async sampleConnections(db: MonitoredDatabase): Promise<void> {
    const { readsAllStatistics } = await readServerFacts(db);
    const [row] = await db.query<ConnectionRow>(CONNECTIONS_SQL);
    // Without the right to see all sessions their number would look small.
    if (row && readsAllStatistics) await this.#writeUsage((row.total / row.usable) * 100);
  }

  /** The server has refused us because no connection is left: that is a sample too. */
  async noConnectionLeft(): Promise<void> {
    await this.#writeUsage(100);
  }

  /**
   * Writes what each statement did since the sample before as rows of `database_samples`.
   * @returns statements that have become slower; where the samples of the past cannot be read, that
   */
  async sampleStatements(db: MonitoredDatabase): Promise<Remark[]> {
    const server = await readServerFacts(db);
    const now = this.#clock.now();
    const deltas = await this.#deltas(db, server);
    if (deltas.length > 0) {
      await this.#writer.append(
        'database_samples',
        deltas.slice(0, KEPT).map((delta) => this.#row(delta, now)),
      );
    }
    return this.#slower(server, now);
  }

  /**
   * Writes what the server and the database did since the look before as metrics: write-ahead log, checkpoints, files,
   * cache, transactions, temporary files and deadlocks; and who is connected now.
   * @returns where its counters cannot be read, that
   */
  async sampleServer(db: MonitoredDatabase): Promise<Remark[]> {
    const server = await readServerFacts(db);
    try {
      const [counters] = await db.query<ServerCounters>(serverCountersSql(server.version));
      if (counters) await this.#writeActivity(counters);
      const [counted] = await db.query<DatabaseCounters>(DATABASE_COUNTERS_SQL);
      if (counted) await this.#writeCounts(counted);
      if (server.readsAllStatistics) await this.#writeGroups(await db.query<ConnectionGroup>(CONNECTION_GROUPS_SQL));
      return [];
    } catch (error) {
      if (codeOf(error) === 'database_unavailable') throw error;
      return [failedLook('server_activity', server, error)];
    }
  }

  /** Writes how many findings there are of each code, those that are only worth a note left out. */
  async writeFindings(findings: readonly Pick<Remark, 'code' | 'severity'>[]): Promise<void> {
    const counts = new Map<string, number>(DATABASE_FINDING_CODES.map((code) => [code, 0]));
    for (const { code, severity } of findings) {
      if (severity !== 'info') counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    await this.#writer.append(
      'metrics',
      [...counts].map(([code, count]) => this.#gauge('db_findings', count, null, { code })),
    );
  }

  /** Writes the room that a database takes, and the room that is left. Bytes. */
  async writeDisk({ used, free }: DiskSpace): Promise<void> {
    await this.#writer.append('metrics', [
      this.#gauge('db_size_bytes', used, 'bytes'),
      ...(free === null ? [] : [this.#gauge('db_disk_free_bytes', free, 'bytes')]),
    ]);
  }

  /**
   * Writes how large the largest tables and indexes are as rows of `database_sizes`.
   * @returns where that cannot be read, that
   */
  async sampleSizes(db: MonitoredDatabase, profile: DatabaseProfile): Promise<Remark[]> {
    const server = await readServerFacts(db);
    try {
      const sizes = await db.query<RelationSize>(RELATION_SIZES_SQL(profile), { timeout: SIZES_LIMIT });
      const origin = this.#origin(this.#clock.now());
      const rows = sizes.map((size) => ({ ...origin, database: this.#name, ...size }));
      if (rows.length > 0) await this.#writer.append('database_sizes', rows);
      return [];
    } catch (error) {
      if (codeOf(error) === 'database_unavailable') throw error;
      return [failedLook('sizes', server, error)];
    }
  }

  async #slower(server: ServerFacts, at: number): Promise<Remark[]> {
    const recent = suspects(this.#history, at);
    if (recent.length === 0) return [];
    const ids = recent.map(({ id }) => id);
    try {
      const past = await this.#past(this.#name, ids, { at, recent: RECENT });
      return regressions(recent, past, server.statementsSchema ?? 'public');
    } catch (error) {
      return [failedLook('regressions', server, error)];
    }
  }

  async #deltas(db: MonitoredDatabase, server: ServerFacts): Promise<StatementDelta[]> {
    const counters = await readCounters(db, server);
    const before = this.#counters;
    this.#counters = counters;
    if (!before) return [];
    const deltas = statementDeltas(before, counters).sort((a, b) => b.total - a.total);
    const at = this.#clock.now();
    const kept = this.#history.filter((interval) => interval.at > at - RECENT);
    this.#history = [...kept, { at, deltas: deltas.slice(0, KEPT) }];
    return deltas;
  }

  async #writeActivity(counters: ServerCounters): Promise<void> {
    const [before, at] = [this.#server, this.#clock.monotonic()];
    this.#server = { counters, at };
    const activity = before && serverActivity(before.counters, counters, (at - before.at) / 1_000);
    if (!activity) return;
    await this.#writer.append('metrics', [
      this.#gauge('db_wal_rate', activity.walRate, 'bytes'),
      this.#gauge('db_io_rate', activity.readRate, 'bytes', { operation: 'read' }),
      this.#gauge('db_io_rate', activity.writeRate, 'bytes', { operation: 'write' }),
      this.#gauge('db_checkpoints', activity.timed, null, { kind: 'timed' }),
      this.#gauge('db_checkpoints', activity.requested, null, { kind: 'requested' }),
    ]);
  }

  async #writeCounts(counters: DatabaseCounters): Promise<void> {
    const before = this.#database;
    this.#database = counters;
    const counts = before && databaseActivity(before, counters);
    if (!counts) return;
    await this.#writer.append(
      'metrics',
      (Object.keys(COUNTER_METRICS) as (keyof DatabaseCounts)[]).map((counter) => {
        const { name, unit, labels } = COUNTER_METRICS[counter];
        return this.#gauge(name, counts[counter], unit, labels);
      }),
    );
  }

  async #writeGroups(groups: readonly ConnectionGroup[]): Promise<void> {
    const rows = largestGroups(groups).map(({ count, ...labels }) =>
      this.#gauge('db_connections', count, null, labels),
    );
    await this.#writer.append('metrics', rows);
  }

  async #writeUsage(percent: number): Promise<void> {
    // Superusers may take the reserved connections too.
    const value = Math.min(100, Math.round(percent * 100) / 100);
    await this.#writer.append('metrics', [this.#gauge('db_connection_usage', value, 'percent')]);
  }

  #gauge(name: string, value: number, unit: string | null, labels: Record<string, string> = {}): TelemetryRow {
    const attributes = { database: this.#name, ...labels };
    return { ...this.#origin(this.#clock.now()), name, type: 'gauge', value, unit, attributes };
  }

  #row({ id, query, calls, rows, total, squares }: StatementDelta, timestamp: number): TelemetryRow {
    return {
      ...this.#origin(timestamp),
      database: this.#name,
      queryId: id,
      query: normaliseQuery(query),
      calls,
      rows,
      totalMs: total,
      squaredMs: squares,
    };
  }

  #origin(timestamp: number): TelemetryRow {
    return { timestamp, id: '', project: '', service: this.#service, environment: '', release: '' };
  }
}
