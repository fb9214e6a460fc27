import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { BackupKey } from '../../care/backup/index.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { commonArgs, printJson } from '../command.ts';

const TEXT = (
  id: string,
) => `The key is all that opens your backups. Keep a copy of this file away from this machine, in a
password manager or on paper: without it nobody, you included, can restore.

Name it in yumops.yml:  backups: [{name: nightly, key: "file:PATH", …}]
Its fingerprint is ${id}.
`;

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
    if (args.json) printJson({ file, id: key.id });
    else process.stdout.write(`${file}\n\n${TEXT(key.id)}`);
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
