import type { TableStatus } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { formatBytes, formatCount, readTables } from '../../care/database/index.ts';
import { printJson } from '../command.ts';
import { type Column, formatTable } from '../table.ts';
import { chooseDatabases, databaseArgs, fromEach, limitArg, readLimit } from './open.ts';

const COLUMNS: readonly Column<TableStatus>[] = [
  { heading: 'TABLE', cell: ({ table }) => table },
  { heading: 'SIZE', align: 'right', cell: ({ bytes }) => formatBytes(bytes) },
  { heading: 'INDEXES', align: 'right', cell: ({ indexBytes }) => formatBytes(indexBytes) },
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
    const { databases } = chooseDatabases(args);
    const tables = await fromEach(databases, (db, { profile }) => readTables(db, profile, limit));
    if (args.json) printJson({ tables });
    else process.stdout.write(formatTable(COLUMNS, tables) || 'There are no tables.\n');
    return 0;
  },
});
