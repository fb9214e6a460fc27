import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { BackupKey } from '../../care/backup/index.ts';
import { readSettings } from '../../config/settings.ts';
import { systemClock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { readKitFile, writeKit } from '../../main/backup/kit.ts';
import { confirmKitText, kitOf } from '../../main/backup/recovery-kit.ts';
import { loadUsableConfig } from '../../main/config.ts';
import { readKeyring } from '../../main/secret-key.ts';
import { printJson } from '../command.ts';
import { configurationPath } from '../running-findings.ts';
import { backupArgs, chooseConfigs, withBackups } from './open.ts';

interface KeyArgs {
  verb: string;
  file: string | undefined;
  config?: string | undefined;
  data?: string | undefined;
  json?: boolean | undefined;
}

const TEXT = (
  id: string,
) => `Above is the recovery kit: print it, or put it into a password manager, away from this machine. The key
in it is all that opens your backups: without it nobody, you included, can restore.

Name the key in yumops.yml:  backups: [{name: nightly, key: "file:PATH", …}]
Its fingerprint is ${id}.

When the kit is where it belongs, fetch it from there once and show it:  yumops backup key confirm KIT
Until then Backups in the console stays amber.
`;

/** `backup key VERB …`; a command of two words, since commands nest one level. */
export const backupKey = defineCommand({
  meta: {
    name: 'yumops backup key',
    description:
      'The key of backups and its recovery kit: `create FILE` makes a key, `kit [NAME]` prints the kit, `confirm FILE` shows that it is kept',
  },
  args: {
    ...backupArgs,
    verb: {
      type: 'positional',
      required: true,
      description: 'create, kit or confirm',
      valueHint: 'create|kit|confirm',
    },
    file: {
      type: 'positional',
      required: false,
      description: 'create: where to write the key, must not exist; kit: name of a backup; confirm: the kit',
      valueHint: 'FILE|NAME',
    },
  },
  run({ args }) {
    if (args.verb === 'create') return create(args);
    if (args.verb === 'kit') return kit(args);
    if (args.verb === 'confirm') return confirm(args);
    throw new YumOpsError('wrong_use', `yumops backup key has no "${args.verb}".`, {
      hint: 'Write yumops backup key create FILE, kit [NAME], or confirm FILE.',
      status: 400,
    });
  },
});

function fileOf({ verb, file }: KeyArgs): string {
  if (file !== undefined) return resolve(file);
  throw new YumOpsError('wrong_use', `yumops backup key ${verb} needs a FILE.`, { status: 400 });
}

/** The kit names the store and the secret key, as far as they are settled when the key is made. */
async function create(args: KeyArgs): Promise<number> {
  const file = fileOf(args);
  const key = BackupKey.create();
  await writeNew(file, `${key.toLine()}\n`);
  const settings = readSettings(args);
  const keyring = await readKeyring(settings.dataDir, settings);
  const from = settings.blobUrl ?? 'URL-OF-THE-BLOB-STORE';
  const text = writeKit(key.toLine(), { from, keyring });
  if (args.json) printJson({ file, id: key.id, kit: text });
  else process.stdout.write(`${file}\n\n${text}\n${TEXT(key.id)}`);
  return 0;
}

function kit(args: KeyArgs): Promise<number> {
  const settings = readSettings(args);
  return withBackups(args, async (backups) => {
    const { config: whole } = loadUsableConfig(await configurationPath(settings), settings.env);
    const kits = new Map<string, string>();
    // One key is usual; each has a kit of its own.
    for (const config of chooseConfigs(backups, args.file)) {
      const { keyId } = await backups.repository(config);
      if (!kits.has(keyId)) kits.set(keyId, await kitOf(config, settings, whole));
    }
    if (args.json) printJson({ kits: [...kits].map(([id, text]) => ({ id, kit: text })) });
    else process.stdout.write([...kits.values()].join('\n'));
    return 0;
  });
}

async function confirm(args: KeyArgs): Promise<number> {
  const text = await readKitFile(fileOf(args));
  return withBackups(args, async (backups) => {
    const holder = { at: systemClock.now(), by: userInfo().username, how: 'file' } as const;
    const { confirmed, lacking } = await confirmKitText(backups, text, holder);
    if (args.json) printJson({ confirmed, lacking });
    else {
      for (const name of confirmed) process.stdout.write(`${name}: the kit opens it; confirmed.\n`);
      for (const { name, keyId } of lacking) {
        process.stdout.write(
          `${name}: the kit lacks its key ${keyId}. Print one that has it: yumops backup key kit ${name}\n`,
        );
      }
    }
    return lacking.length === 0 && confirmed.length > 0 ? 0 : 1;
  });
}

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
