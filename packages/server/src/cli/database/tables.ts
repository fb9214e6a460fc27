import type { TableStatus } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { formatBytes, formatCount } from '../../care/database/index.ts';
import { printJson } from '../command.ts';
import { type Column, formatTable } from '../table.ts';
import { growthColumns } from './growth-columns.ts';
import { databaseArgs, limitArg, readLimit } from './open.ts';
import { fromEach, withViews } from './views.ts';

const COLUMNS: readonly Column<TableStatus>[] = [
  { heading: 'TABLE', cell: ({ table }) => table },
  { heading: 'SIZE', align: 'right', cell: ({ bytes }) => formatBytes(bytes) },
  { heading: 'INDEXES', align: 'right', cell: ({ indexBytes }) => formatBytes(indexBytes) },
  ...growthColumns,
  { heading: 'ROWS', align: 'right', cell: ({ rows }) => (rows === null ? '?' : formatCount(rows)) },
  { heading: 'DEAD', align: 'right', cell: ({ deadRows }) => formatCount(deadRows) },
  { heading: 'FULL READS', align: 'right', cell: ({ sequentialScans }) => formatCount(sequentialScans) },
  { heading: 'LAST VACUUM', cell: ({ lastVacuum }) => lastVacuum ?? 'never' },
];

export const databaseTables = defineCommand({
  meta: { name: 'yumops db tables', description: 'The largest tables, their dead rows and their last vacuum' },
  args: { ...databaseArgs, limit: limitArg },
  async run({ args }) {
    const limit = readLimit(args.limit);
    const tables = await withViews(args, (views) => fromEach(views, (view) => view.tables(limit)));
    if (args.json) printJson({ tables });
    else process.stdout.write(formatTable(COLUMNS, tables) || 'There are no tables.\n');
    return 0;
  },
});
