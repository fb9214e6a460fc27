import { type BackupConfig, type BackupKeys, readBackupKeys } from '../../care/backup/index.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { ConfiguredSecret, Secret } from '../../lib/secret.ts';

/** The keys of a backup. @throws YumOpsError `backup_key_missing`, `backup_key_damaged` */
export function keysOf({ name, key }: Pick<BackupConfig, 'name' | 'key'>): BackupKeys {
  if (key.broken === null) return readBackupKeys(key.secret.reveal());
  throw new YumOpsError('backup_key_missing', `The key of the backup "${name}" is missing: ${key.broken}.`, {
    hint: 'Put the key file back from where you keep its copy. For a first backup: `yumops backup key create FILE`.',
    status: 409,
  });
}

/** A secret of the configuration. @param what it leads to, for the message. @throws YumOpsError `secret_unusable` */
export function usable({ secret, broken }: ConfiguredSecret, what: string): Secret {
  if (broken === null) return secret;
  throw new YumOpsError('secret_unusable', `It is not known where ${what} leads: ${broken}.`, {
    hint: 'See `yumops check`.',
    status: 409,
  });
}
