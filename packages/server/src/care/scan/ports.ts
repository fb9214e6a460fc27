import type { Queryable } from '../../lib/db.ts';

/** Writes an audit row in the transaction of its change. */
export type AuditChange = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

/** Who changes something, and when (ms since the epoch). */
export interface Change {
  actor: string;
  now: number;
}
