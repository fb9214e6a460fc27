import type { SealedCount, SecretRotation, SecretsReport } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { keyNumber } from '../lib/keyring.ts';
import { addKey } from '../main/secret-key.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { formatTable } from './table.ts';

const COLUMNS = [
  { heading: 'STORED', cell: ({ name }: SealedCount) => name },
  { heading: 'CURRENT KEY', cell: ({ current }: SealedCount) => String(current), align: 'right' as const },
  { heading: 'PREVIOUS KEYS', cell: ({ previous }: SealedCount) => String(previous), align: 'right' as const },
  { heading: 'UNREADABLE', cell: ({ unreadable }: SealedCount) => String(unreadable), align: 'right' as const },
];

const status = defineCommand({
  meta: {
    name: 'yumops secrets status',
    description: 'Count stored secrets by the key that they stand under; exit 1 unless all stand under the current one',
  },
  args: platformArgs,
  async run({ args }) {
    const report = await withClient(readSettings(args), (client) => client.get<SecretsReport>('/api/v1/secrets'));
    if (args.json) printJson(report);
    else {
      process.stdout.write(`The current key is ${report.key}; ${report.previousKeys} before it.\n\n`);
      process.stdout.write(formatTable(COLUMNS, report.parts));
    }
    return report.parts.every(({ previous, unreadable }) => previous + unreadable === 0) ? 0 : 1;
  },
});

const newKey = defineCommand({
  meta: { name: 'yumops secrets new-key', description: 'Put a new secret key above the present one in its file' },
  args: platformArgs,
  async run({ args }) {
    const { dataDir, secretKey } = readSettings(args);
    if (secretKey !== undefined) {
      throw new YumOpsError('key_in_environment', 'The secret key comes from the environment.', {
        hint: 'Move it to YUMOPS_SECRET_KEY_PREVIOUS, set YUMOPS_SECRET_KEY to a new one, and restart.',
        status: 409,
      });
    }
    const ring = await addKey(dataDir);
    if (ring === undefined) {
      throw new YumOpsError('no_key_file', `There is no ${dataDir}.key.`, {
        hint: 'The first start makes it. Name the data folder with --data.',
        status: 409,
      });
    }
    const key = keyNumber(ring.current).toString(16);
    if (args.json) printJson({ key, previousKeys: ring.previous.length });
    else {
      process.stdout.write(`The new key is ${key}, in ${dataDir}.key; the one before it stays below.
Restart the platform, then run \`yumops secrets rotate\`, then print a new recovery kit.\n`);
    }
    return 0;
  },
});

const rotate = defineCommand({
  meta: {
    name: 'yumops secrets rotate',
    description: 'Bring stored secrets under the current key; goes on where it ended',
  },
  args: platformArgs,
  async run({ args }) {
    const { parts } = await withClient(readSettings(args), (client) =>
      client.post<SecretRotation>('/api/v1/secrets/rotate'),
    );
    if (args.json) printJson({ parts });
    else {
      for (const { name, rotated, unreadable } of parts) {
        process.stdout.write(`${name}: ${rotated} rotated${unreadable > 0 ? `, ${unreadable} unreadable` : ''}\n`);
      }
    }
    return parts.every(({ unreadable }) => unreadable === 0) ? 0 : 1;
  },
});

export const secrets = defineCommand({
  meta: { name: 'yumops secrets', description: 'The secret key: what stands under it, a new one' },
  subCommands: { status, 'new-key': newKey, rotate },
});
