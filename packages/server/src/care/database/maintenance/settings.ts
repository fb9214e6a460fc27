import { resolve } from 'node:path';
import type { DatabaseConfig, DatabaseProfile } from '../config.ts';
import type { Thresholds } from '../thresholds.ts';
import type { MaintenanceConfig } from './config.ts';

/** What is kept of a table. */
export interface RetentionPolicy {
  /** As written: `user_sessions`, `audit.events`, `"Odd ""Schema"""."T"`. */
  table: string;
  column: string;
  /** Milliseconds. */
  keep: number;
  /** Column with the path of a file that goes with the row. */
  fileColumn: string | null;
  /** Folder from which relative paths count, absolute. */
  fileFolder: string;
  /** Whether a file outside of the folder stays, also where its path is absolute. */
  confined: boolean;
}

/** How upkeep behaves. Times are in milliseconds. */
export interface MaintenanceSettings {
  profile: DatabaseProfile;
  thresholds: Thresholds;
  /** Bytes of the disk of the server as configured; null = see on this machine. */
  capacity: number | null;
  retention: readonly RetentionPolicy[];
  /** How long a statement stands in the queue for a lock, how often it comes back, and the first pause between. */
  lockTimeout: number;
  lockRetries: number;
  retryPause: number;
  /** Rows that one transaction of retention removes, and the pause after it. */
  batch: number;
  pause: number;
  /** Active sessions of clients, and replay lag, above which a run waits. */
  maxActiveSessions: number;
  maxReplicaLag: number;
  /** How long a run waits for a busy server, a dump or an old transaction before it leaves an action out. */
  patience: number;
  /** How long one action may take, and how long after its start a run begins another. */
  actionLimit: number;
  window: number;
  /** Whether constraints that no row breaks are validated without being asked. */
  validateConstraints: boolean;
}

export const DEFAULT_SETTINGS = {
  lockTimeout: 2_000,
  lockRetries: 5,
  retryPause: 1_000,
  batch: 1_000,
  pause: 50,
  maxActiveSessions: 50,
  maxReplicaLag: 30_000,
  patience: 300_000,
  actionLimit: 4 * 3_600_000,
  validateConstraints: false,
} as const;

/**
 * The settings of a run.
 * @param root the folder of the configuration
 */
export function settingsOf(
  { profile, thresholds, capacity }: DatabaseConfig,
  config: MaintenanceConfig,
  root: string,
): MaintenanceSettings {
  return {
    profile,
    thresholds,
    capacity,
    retention: config.retention.map(({ table, column, keepMs, fileColumn, fileFolder }) => ({
      table,
      column,
      keep: keepMs,
      fileColumn,
      fileFolder: resolve(root, fileFolder ?? '.'),
      confined: fileFolder !== null,
    })),
    lockTimeout: config.lockTimeoutMs,
    lockRetries: config.lockRetries,
    retryPause: DEFAULT_SETTINGS.retryPause,
    batch: config.batch,
    pause: config.pauseMs,
    maxActiveSessions: config.maxActiveSessions,
    maxReplicaLag: config.maxReplicaLagMs,
    patience: config.patienceMs,
    actionLimit: DEFAULT_SETTINGS.actionLimit,
    window: config.windowMs,
    validateConstraints: config.validateConstraints,
  };
}
