import type { IndexStatus } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { formatBytes, formatCount } from '../../care/database/index.ts';
import { printJson } from '../command.ts';
import { type Column, formatTable } from '../table.ts';
import { growthColumns } from './growth-columns.ts';
import { databaseArgs, limitArg, readLimit } from './open.ts';
import { fromEach, withViews } from './views.ts';

function kindOf({ primary, unique, valid }: IndexStatus): string {
  if (!valid) return 'NOT VALID';
  if (primary) return 'primary key';
  return unique ? 'unique' : '';
}

const COLUMNS: readonly Column<IndexStatus>[] = [
  { heading: 'INDEX', cell: ({ index }) => index },
  { heading: 'SIZE', align: 'right', cell: ({ bytes }) => formatBytes(bytes) },
  ...growthColumns,
  { heading: 'SCANS', align: 'right', cell: ({ scans }) => formatCount(scans) },
  { heading: 'KIND', cell: kindOf },
  { heading: 'TABLE', cell: ({ table }) => table },
];

export const databaseIndexes = defineCommand({
  meta: { name: 'yumops db indexes', description: 'The largest indexes, and how often they are read' },
  args: { ...databaseArgs, limit: limitArg },
  async run({ args }) {
    const limit = readLimit(args.limit);
    const indexes = await withViews(args, (views) => fromEach(views, (view) => view.indexes(limit)));
    if (args.json) printJson({ indexes });
    else process.stdout.write(formatTable(COLUMNS, indexes) || 'There are no indexes.\n');
    return 0;
  },
});
