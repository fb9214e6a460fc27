import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { TelemetryRow, TelemetryWriter } from '../../lib/telemetry.ts';
import { BatchBuffer } from './batch-buffer.ts';
import type { CheckIn as SdkCheckIn } from './check-in-monitors.ts';
import {
  CHECK_INS,
  CHECKS,
  type CheckIn,
  checkInRow,
  checkRow,
  type FinishedCheck,
  HEALTH_CHECKS,
  healthRows,
  ignoredRow,
} from './check-row.ts';
import type { MonitorConfig } from './config.ts';
import { type RecordChange, storeChanges } from './state-store.ts';

/** Whether work on a monitor is planned at an instant, ms since the epoch. */
export type PlannedAt = (monitor: MonitorConfig, at: number) => boolean;

export interface RecorderOptions {
  db: Db;
  writer: TelemetryWriter;
  clock: Clock;
  log: Log;
  /** Left out = never. */
  planned?: PlannedAt | undefined;
  /** The instance of the platform, where several share the monitors. */
  instance?: string | undefined;
  /** Told of every change after it was committed. */
  onStored(change: RecordChange): void;
}

/** How long something may wait to be stored together with others, milliseconds. */
const STORE_EVERY_MS = 250;

/** What is kept of each kind while its store is away. */
const CAPACITY = 100_000;

/** Stores checks in telemetry and states in the state store, each at its own pace, and again when a store was away. */
export class Recorder {
  readonly #checks: BatchBuffer<TelemetryRow>;
  readonly #healthChecks: BatchBuffer<TelemetryRow>;
  readonly #checkIns: BatchBuffer<TelemetryRow>;
  readonly #changes: BatchBuffer<RecordChange>;
  readonly #planned: PlannedAt;

  constructor(options: RecorderOptions) {
    const { db, writer, clock, log, planned = () => false, instance = null } = options;
    this.#planned = planned;
    const buffer = <Item>(what: string, write: (batch: readonly Item[]) => Promise<void>) =>
      new BatchBuffer<Item>({
        clock,
        everyMs: STORE_EVERY_MS,
        capacity: CAPACITY,
        write,
        onError: (error, waiting) => log.warn(`${what} could not be stored yet`, { reason: messageOf(error), waiting }),
      });
    this.#checks = buffer('Checks', (rows) => writer.append(CHECKS, rows));
    this.#healthChecks = buffer('Health checks', (rows) => writer.append(HEALTH_CHECKS, rows));
    this.#checkIns = buffer('Check-ins', (rows) => writer.append(CHECK_INS, rows));
    this.#changes = buffer('Monitor states', async (changes) => {
      await storeChanges(db, changes, instance);
      for (const change of changes) options.onStored(change);
    });
  }

  /** What was given up because a store was away for too long. */
  get dropped(): number {
    return this.#checks.dropped + this.#healthChecks.dropped + this.#checkIns.dropped + this.#changes.dropped;
  }

  addCheck(check: FinishedCheck): void {
    const planned = this.#planned(check.monitor, check.startedAt);
    this.#checks.push(checkRow({ ...check, planned }));
    for (const row of healthRows(check)) this.#healthChecks.push(row);
  }

  addCheckIn(checkIn: CheckIn): void {
    this.#checkIns.push(checkInRow(checkIn));
  }

  addIgnored(checkIn: SdkCheckIn): void {
    this.#checkIns.push(ignoredRow(checkIn));
  }

  addChange(change: RecordChange): void {
    this.#changes.push(change);
  }

  /** Resolves when all that was added is stored; rejects when a store is away. */
  async flush(): Promise<void> {
    const buffers = [this.#checks, this.#healthChecks, this.#checkIns, this.#changes];
    await Promise.all(buffers.map((buffer) => buffer.flush()));
  }
}
