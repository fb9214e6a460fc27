import type { Queryable } from '../lib/db.ts';

export interface AuditEntry {
  /** Milliseconds since the epoch. */
  at: number;
  /** Name of the person, token or part of the platform that acted. */
  actor: string;
  /** `noun.verb`, such as `alert.acknowledge`. */
  action: string;
  target: string;
  detail?: Record<string, unknown>;
}

/** Writes an audit row; call it in the transaction of the change that it records. */
export async function audit(tx: Queryable, entry: AuditEntry): Promise<void> {
  await tx.query('INSERT INTO audit_log (at, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5)', [
    new Date(entry.at),
    entry.actor,
    entry.action,
    entry.target,
    entry.detail ?? {},
  ]);
}
