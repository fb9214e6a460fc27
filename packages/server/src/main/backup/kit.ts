import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type BackupKeys, readBackupKeys } from '../../care/backup/index.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import { type Keyring, keysOf } from '../../lib/keyring.ts';

const SECRET = /^yumops-secret-key:([^\s]+)$/;

/** What the recovery kit carries. */
export interface RecoveryKit {
  keys: BackupKeys;
  /** The installation's secret key, where the kit has it. */
  secretKey: string | undefined;
  /** Keys before it. */
  previousSecretKeys: readonly string[];
}

/**
 * The recovery kit as text: what somebody needs to have on paper or in a password manager to bring YumOps back.
 * @param from URL of the store with the backups, where it is known
 * @param second URL of the second destination
 */
export function writeKit(
  keyLine: string,
  { from, second, keyring }: { from: string; second?: string | undefined; keyring?: Keyring | undefined },
): string {
  return `# YumOps recovery kit. Keep it away from the machine that YumOps runs on.
# It opens every backup that is sealed with the key below.
#
# To bring YumOps back on an empty machine:
#   1. Install Node.js 20.19 or later and YumOps.
#   2. Save this text as kit.txt.
#   3. yumops restore-self --from ${from} --kit kit.txt
${second === undefined ? '' : `#      Where that store is lost: --from ${second}\n`}#   4. yumops start
${keyLine}
${(keyring === undefined ? [] : keysOf(keyring)).map((key) => `yumops-secret-key:${key}\n`).join('')}`;
}

/** The text of a kit that is kept in a file. @throws YumOpsError `wrong_use` where it cannot be read */
export async function readKitFile(file: string): Promise<string> {
  try {
    return await readFile(resolve(file), 'utf8');
  } catch (cause) {
    throw new YumOpsError('wrong_use', `The recovery kit ${file} cannot be read: ${messageOf(cause)}`, {
      hint: 'Name the file that has the kit, or the backup key.',
      status: 400,
      cause,
    });
  }
}

/** Reads a recovery kit, or a bare key file. @throws YumOpsError `kit_damaged` */
export function readKit(text: string): RecoveryKit {
  const lines = text.split('\n').map((line) => line.trim());
  const keyLines = lines.filter((line) => line.startsWith('yumops-backup-key:'));
  const [secretKey, ...previousSecretKeys] = lines.flatMap((line) => SECRET.exec(line)?.[1] ?? []);
  if (keyLines.length === 0) {
    throw new YumOpsError('kit_damaged', 'There is no backup key in the recovery kit.', {
      hint: 'It has a line that begins with yumops-backup-key:, as `yumops backup key create` printed it.',
      status: 400,
    });
  }
  return { keys: readBackupKeys(keyLines.join('\n')), secretKey, previousSecretKeys };
}
