import { defineCommand } from 'citty';
import { type CatalogueEntry, kitProblem, type Recoverable } from '../../care/backup/index.ts';
import { formatBytes } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { printJson } from '../command.ts';
import { type Column, formatTable } from '../table.ts';
import { backupArgs, chooseConfigs, withBackups } from './open.ts';

const time = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')}Z`;

function verifiedText({ verified }: CatalogueEntry): string {
  if (verified === null) return 'never';
  return `${verified.ok ? '' : 'FAILED '}L${verified.level} ${time(verified.at)}`;
}

const COLUMNS: Column<CatalogueEntry>[] = [
  { heading: 'BACKUP', cell: ({ id }) => id },
  { heading: 'TIER', cell: ({ tier }) => tier },
  { heading: 'STARTED', cell: ({ started }) => time(started) },
  { heading: 'TOOK', cell: ({ seconds }) => (seconds === null ? '' : formatDuration(seconds * 1_000)), align: 'right' },
  { heading: 'SIZE', cell: ({ bytes }) => formatBytes(bytes), align: 'right' },
  { heading: 'STATUS', cell: ({ status }) => status },
  { heading: 'VERIFIED', cell: verifiedText },
  { heading: 'WHY', cell: ({ why }) => why ?? '' },
];

function recoverableText(name: string, { earliest, latest }: Recoverable): string {
  if (earliest === null || latest === null) return `${name}: nothing can be restored.\n`;
  return `${name}: recoverable from ${earliest} to ${latest}.\n`;
}

export const backupList = defineCommand({
  meta: { name: 'yumops backup list', description: 'List backups, as the store has them' },
  args: {
    ...backupArgs,
    name: { type: 'positional', required: false, description: 'Name under backups; default all', valueHint: 'NAME' },
  },
  run: ({ args }) =>
    withBackups(args, async (backups) => {
      const lists = await Promise.all(
        chooseConfigs(backups, args.name).map(async (config) => {
          const entries = await backups.list(config);
          const kit = (await backups.kitConfirmation(config)) !== null;
          return { name: config.name, entries, recoverable: await backups.recoverable(config, entries), kit };
        }),
      );
      const entries = lists.flatMap((list) => list.entries);
      if (args.json) {
        const [only, ...others] = lists;
        const each = Object.fromEntries(lists.map(({ name, recoverable }) => [name, recoverable]));
        printJson({ backups: entries, recoverable: only && others.length === 0 ? only.recoverable : each });
        return 0;
      }
      process.stdout.write(
        formatTable(COLUMNS, entries) || 'There are no backups yet. Make one: yumops backup now NAME\n',
      );
      for (const { name, recoverable, kit } of lists) {
        process.stdout.write(recoverableText(name, recoverable));
        if (!kit)
          process.stdout.write(
            `${name}: ${kitProblem(name, null)[0]?.message}\n  yumops backup key kit ${name}, then yumops backup key confirm KIT\n`,
          );
      }
      return 0;
    }),
});
