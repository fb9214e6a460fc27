import { createHash, timingSafeEqual } from 'node:crypto';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import type { BackupKey } from './key.ts';
import type { BackupProblem } from './problems.ts';
import type { Repository } from './repository.ts';

/** That somebody showed that they hold the recovery kit with a key. Kept in the store, beside what the key opens. */
export interface KitConfirmation {
  /** Fingerprint of the key. */
  keyId: string;
  /** ISO. */
  at: string;
  /** Who showed it. */
  by: string;
  /** `file`: the kit itself was read; `code`: the end of its key was typed; `drill`: everything was recovered with it. */
  how: 'file' | 'code' | 'drill';
}

const confirmationPath = ({ folder, keyId }: Repository) => `${folder}/kit/${keyId}.json`;

/** The confirmation for the key that backups are sealed with now; null when there is none that can be trusted. */
export async function readKitConfirmation(repository: Repository): Promise<KitConfirmation | null> {
  try {
    return await repository.readRecord<KitConfirmation>(confirmationPath(repository));
  } catch (error) {
    if (['blob_missing', 'backup_damaged', 'backup_key_wrong'].includes(codeOf(error) ?? '')) return null;
    throw error;
  }
}

/** Records that the kit with the present key is held somewhere. */
export async function confirmKit(
  repository: Repository,
  { at, by, how }: Pick<KitConfirmation, 'by' | 'how'> & { at: number },
): Promise<KitConfirmation> {
  const record = { keyId: repository.keyId, at: new Date(at).toISOString(), by, how };
  await repository.writeRecord(confirmationPath(repository), record);
  return record;
}

/** Characters at the end of the key's line that prove that somebody reads them from their copy. */
export const PROOF_LENGTH = 8;

/** Compares what was typed with the end of the key. @throws YumOpsError `kit_wrong` */
export function checkProof(key: BackupKey, typed: string): void {
  const sum = (text: string) => createHash('sha256').update(text).digest();
  if (timingSafeEqual(sum(typed.trim()), sum(key.toLine().slice(-PROOF_LENGTH)))) return;
  throw new YumOpsError('kit_wrong', `These are not the last ${PROOF_LENGTH} characters of the key ${key.id}.`, {
    hint: `Read them from the line of your kit that begins with yumops-backup-key:${key.id}:.`,
    status: 400,
  });
}

/** Until somebody has shown the kit, backups are as good as the disk that their key lies on. */
export function kitProblem(backup: string, confirmation: KitConfirmation | null): BackupProblem[] {
  if (confirmation !== null) return [];
  const message =
    'Nobody has confirmed yet that they keep the recovery kit: should this machine be lost, nothing opens the backups.';
  return [{ backup, code: 'kit_unconfirmed', message }];
}
