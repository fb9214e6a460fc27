import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { VerificationFinding } from '../catalogue.ts';

/** Errors that say something about the backup; every other is a failure of the verification itself. */
const ABOUT_BACKUP = new Set([
  'backup_damaged',
  'backup_key_wrong',
  'backup_format',
  'backup_part_missing',
  'blob_missing',
  'blob_too_large',
]);

/** Turns an error about a stored object into a finding. @throws the error, when it is about something else */
export function findingOf(object: string, error: unknown): VerificationFinding {
  const code = codeOf(error) ?? '';
  if (!ABOUT_BACKUP.has(code)) throw error;
  return { code: code === 'blob_missing' ? 'object_missing' : code, object, message: messageOf(error) };
}
