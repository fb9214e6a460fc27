import type { Db, Queryable } from '../../lib/db.ts';
import type { Person, Schedule } from './schedule.ts';

/** Writes an audit row in the transaction of the change. Implemented by access. */
export type Audit = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

/** Random secrets and what is stored of them. Implemented by access. */
export interface Secrets {
  create(): string;
  hash(secret: string): Buffer;
}

/** Schedules and people as the configuration in use has them. */
export interface OnCallConfig {
  schedules: readonly Schedule[];
  people: readonly Person[];
}

/** What a change needs. */
export interface ChangeDeps {
  db: Db;
  audit: Audit;
  config: OnCallConfig;
}

/** Who makes a change, and when: milliseconds since the epoch. */
export interface Change {
  actor: string;
  now: number;
}
