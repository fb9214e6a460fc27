import { defineCommand } from 'citty';
import type { ErasureReceipt } from '../access/personal-data/index.ts';
import { readSettings } from '../config/settings.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

export const erase = defineCommand({
  meta: { name: 'yumops erase', description: "Erase a person's data, or an address, and print the receipt" },
  args: {
    ...platformArgs,
    user: { type: 'string', description: 'The person, as the application names them', valueHint: 'ID' },
    ip: { type: 'string', description: 'An address', valueHint: 'ADDRESS' },
  },
  async run({ args }) {
    const { user, ip } = args;
    if ((user === undefined) === (ip === undefined)) {
      throw new YumOpsError('wrong_use', 'Give either --user or --ip.', { status: 400 });
    }
    const subject = user === undefined ? { kind: 'ip', value: ip } : { kind: 'user', value: user };
    const receipt = await withClient(readSettings(args), (client) =>
      client.post<ErasureReceipt>('/api/v1/erasures', subject),
    );
    if (args.json) printJson(receipt);
    else process.stdout.write(describe(receipt));
    return 0;
  },
});

function describe({ id, at, subject, removed, replaced, remains }: ErasureReceipt): string {
  const counts = (rows: Record<string, number>) =>
    Object.entries(rows).map(([table, count]) => `  ${table}: ${count} ${count === 1 ? 'row' : 'rows'}\n`);
  return [
    `Receipt ${id} of ${at}\nSubject, as SHA-256: ${subject}\n`,
    'Removed from telemetry:\n',
    ...(Object.keys(removed).length === 0 ? ['  nothing was there\n'] : counts(removed)),
    'Removed or replaced in the state:\n',
    ...(Object.keys(replaced).length === 0 ? ['  nothing was there\n'] : counts(replaced)),
    'Where it may still be:\n',
    ...remains.map((text) => `  ${text}\n`),
  ].join('');
}
