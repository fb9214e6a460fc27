import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { BackupKey } from '../../care/backup/index.ts';
import { readSettings } from '../../config/settings.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { writeKit } from '../../main/backup/kit.ts';
import { commonArgs, printJson } from '../command.ts';

const TEXT = (
  id: string,
) => `Above is the recovery kit: print it, or put it into a password manager, away from this machine. The key
in it is all that opens your backups: without it nobody, you included, can restore.

Name the key in yumops.yml:  backups: [{name: nightly, key: "file:PATH", …}]
Its fingerprint is ${id}.
`;

/** The kit names the store and the secret key, as far as they are settled when the key is made. */
async function kitOf(key: BackupKey): Promise<string> {
  const { blobUrl, dataDir, secretKey } = readSettings({});
  const kept = await readFile(`${dataDir}.key`, 'utf8').catch(() => undefined);
  return writeKit(key.toLine(), { from: blobUrl ?? 'URL-OF-THE-BLOB-STORE', secretKey: secretKey ?? kept?.trim() });
}

/** `backup key create FILE`; a command of two words, since commands nest one level. */
export const backupKey = defineCommand({
  meta: {
    name: 'yumops backup key',
    description: 'Make the key that backups are sealed with: yumops backup key create FILE',
  },
  args: {
    ...commonArgs,
    verb: { type: 'positional', required: true, description: 'create', valueHint: 'create' },
    file: {
      type: 'positional',
      required: true,
      description: 'Where to write the key; must not exist',
      valueHint: 'FILE',
    },
  },
  async run({ args }) {
    if (args.verb !== 'create') {
      throw new YumOpsError('wrong_use', `yumops backup key has no "${args.verb}".`, {
        hint: 'Write yumops backup key create FILE.',
        status: 400,
      });
    }
    const file = resolve(args.file);
    const key = BackupKey.create();
    await writeNew(file, `${key.toLine()}\n`);
    const kit = await kitOf(key);
    if (args.json) printJson({ file, id: key.id, kit });
    else process.stdout.write(`${file}\n\n${kit}\n${TEXT(key.id)}`);
    return 0;
  },
});

/** A key that stands there may be the only one that opens some backup. */
async function writeNew(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    await chmod(file, 0o600);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
    throw new YumOpsError('backup_key_exists', `There is a file ${file} already; it is left as it is.`, {
      hint: 'To change keys, make the new one elsewhere, and put its line above the old one in the file.',
      status: 409,
      cause,
    });
  }
}
