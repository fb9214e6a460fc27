import type { Clock } from '../../lib/clock.ts';
import type { Db, Queryable } from '../../lib/db.ts';
import type { Log } from '../../lib/log.ts';
import type { Signals } from '../../lib/signals.ts';
import type { TelemetryStore, TelemetryWriter } from '../../lib/telemetry.ts';
import type { SecurityConfig } from './config.ts';
import type { LocationSource } from './location.ts';

/** What the part that watches for attacks needs. */
export interface SecurityOptions {
  db: Db;
  telemetry: Pick<TelemetryStore, 'query'>;
  writer: TelemetryWriter;
  /** Shows the log rows that are durable and perhaps not in the store yet; a row has the same `id` in both. */
  showWaitingRows(show: (rows: Uint8Array, security: boolean) => void): Promise<void>;
  signals: Signals;
  /** Names of the other instances that take events, as they are on record now. */
  others(): Promise<readonly string[]>;
  clock: Clock;
  log: Log;
  /** Name of this instance among those that share a state store. */
  instance: string;
  service: string;
  config(): SecurityConfig;
  location: LocationSource;
  audit(
    tx: Queryable,
    entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
  ): Promise<void>;
}

/** Who changes something, and when (ms since the epoch). */
export interface Change {
  actor: string;
  now: number;
}
