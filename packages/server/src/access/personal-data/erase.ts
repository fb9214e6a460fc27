import { createHash } from 'node:crypto';
import type { Db } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { audit } from '../audit.ts';
import { eraseState } from './erase-state.ts';
import { eraseTelemetry } from './erase-telemetry.ts';

/** Whose data: a person by the id, e-mail or name that the application uses, or an address. */
export interface Subject {
  kind: 'user' | 'ip';
  value: string;
}

/** What was done, without the person's data in it. Counts are rows. */
export interface ErasureReceipt {
  id: string;
  /** ISO 8601. */
  at: string;
  /** SHA-256 of `kind:value`: whoever knows the value can check that this receipt is about it. */
  subject: string;
  /** Rows that were removed, by table of the telemetry store. */
  removed: Record<string, number>;
  /** Values that were replaced or rows removed, by table of the state store. */
  replaced: Record<string, number>;
  /** Where the data may still be, and until when. */
  remains: string[];
}

export interface ErasureDeps {
  telemetry: TelemetryStore;
  db: Db;
  /** What stands for an account in security events. */
  pseudonym(account: string): string;
  /** Resolves when all that was taken in by now is in the telemetry store; false when that takes too long. */
  drained(): Promise<boolean>;
}

/**
 * Removes every row of telemetry that has or mentions the subject, and replaces it where the state store has it.
 * Aggregates without persons stay. The audit log keeps that it was done, not of whom (ruling: personal data).
 * @throws YumOpsError `invalid_subject` (400), `spool_not_drained` (503)
 */
export async function eraseSubject(
  deps: ErasureDeps,
  subject: Subject,
  by: { actor: string; now: number },
): Promise<ErasureReceipt> {
  refuseVague(subject);
  if (!(await deps.drained())) {
    throw new YumOpsError('spool_not_drained', 'What was taken in is not in the store yet.', {
      hint: 'Nothing was erased. Try again when `yumops doctor` finds no lag.',
      status: 503,
    });
  }
  const values = subject.kind === 'user' ? [subject.value, deps.pseudonym(subject.value)] : [subject.value];
  const removed = await eraseTelemetry(deps.telemetry, values);
  const hashed = createHash('sha256').update(`${subject.kind}:${subject.value}`).digest('hex');
  const receipt = { id: randomHex(8), at: new Date(by.now).toISOString(), subject: hashed, removed };
  return deps.db.transaction(async (tx) => {
    const replaced = await eraseState(tx, values);
    const detail = { subject: hashed, removed, replaced };
    await audit(tx, { at: by.now, actor: by.actor, action: 'personal_data.erase', target: receipt.id, detail });
    return { ...receipt, replaced, remains: REMAINS };
  });
}

const REMAINS = [
  'Backups that were made before, until their retention ends.',
  'The audit log, where the subject acted on this platform.',
  'Systems to which alerts were sent.',
];

function refuseVague({ kind, value }: Subject): void {
  const plain = kind === 'ip' ? /^[0-9a-f:.]{3,45}$/i : /^\S.{0,298}\S$|^\S$/;
  if (plain.test(value)) return;
  throw new YumOpsError('invalid_subject', `"${value}" is no ${kind === 'ip' ? 'address' : 'id of a person'}.`, {
    hint: 'Give the id as the application sends it, or one address.',
    status: 400,
  });
}
