import type { ConnectionGroup } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { percent } from '../../care/database/index.ts';
import { printJson } from '../command.ts';
import { type Column, formatTable } from '../table.ts';
import { databaseArgs } from './open.ts';
import { withViews } from './views.ts';

const COLUMNS: readonly Column<ConnectionGroup & { usable: number }>[] = [
  { heading: 'COUNT', align: 'right', cell: ({ count }) => String(count) },
  { heading: 'OF USABLE', align: 'right', cell: ({ count, usable }) => percent(count / Math.max(1, usable)) },
  { heading: 'USER', cell: ({ user }) => user || '?' },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'APPLICATION', cell: ({ application }) => application || '-' },
];

export const databaseConnections = defineCommand({
  meta: {
    name: 'yumops db connections',
    description: 'Who is connected to the server, by user, application and state',
  },
  args: databaseArgs,
  async run({ args }) {
    const databases = await withViews(args, (views) =>
      Promise.all(
        views.map(async (view) => {
          const { total, usable, groups } = await view.connections();
          return { database: view.name, total, usable, groups };
        }),
      ),
    );
    if (args.json) {
      printJson({ databases });
      return 0;
    }
    for (const { database, total, usable, groups } of databases) {
      const used = percent(total / Math.max(1, usable));
      process.stdout.write(`${database}: ${total} of ${usable} usable connections are taken (${used})\n`);
      process.stdout.write(
        formatTable(
          COLUMNS,
          groups.map((group) => ({ ...group, usable })),
        ),
      );
    }
    return 0;
  },
});
