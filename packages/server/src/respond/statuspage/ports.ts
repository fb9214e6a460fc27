import type { MonitorState } from '@yumops/protocol';
import type { Db } from '../../lib/db.ts';
import type { Audit } from '../alerting/index.ts';
import type { StatusPageConfig } from './config.ts';

/** Who makes a change, and when: ms since the epoch. */
export interface Change {
  actor: string;
  now: number;
}

/** One day of one monitor, in UTC. */
export interface MonitorDay {
  monitor: string;
  day: string;
  goodMs: number;
  badMs: number;
}

/** What the checks say. Implemented by uptime. */
export interface Measured {
  states(): Promise<readonly { name: string; state: MonitorState }[]>;
  /** The last 90 days of these monitors. */
  days(monitors: readonly string[], now: number): Promise<readonly MonitorDay[]>;
}

export interface StatusPageDeps {
  db: Db;
  audit: Audit;
  config(): StatusPageConfig;
  /** Where visitors find the page, without a slash at the end. */
  url(): string;
  /** Names that must not become public. */
  insideNames(): readonly string[];
  measured: Measured;
  /** Called after every change of what visitors see. */
  changed(): void;
}
