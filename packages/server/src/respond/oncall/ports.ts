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

/** Who changes how somebody is reached. */
export interface ContactChange extends Change {
  /** Whether the actor may change what belongs to others. */
  mayChangeOthers: boolean;
}

/** How a message with a code fared. */
export interface CodeReport {
  outcome: 'sent' | 'retry' | 'refused';
  /** What the vendor answered. */
  answer: string;
}

/** Sends a test message in somebody's name to an address. Implemented over notify. */
export type SendTest = (to: { channel: string; target: string }, by: string) => Promise<CodeReport>;

/** Sends a code to an address. Implemented over notify. */
export type SendCode = (to: { channel: string; target: string }, code: string) => Promise<CodeReport>;
