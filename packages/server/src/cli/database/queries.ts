import { defineCommand } from 'citty';
import { formatCount, percent, type StatementRow } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { printJson } from '../command.ts';
import { type Column, formatTable } from '../table.ts';
import { databaseArgs, limitArg, readLimit } from './open.ts';
import { fromEach, withViews } from './views.ts';

const COLUMNS: readonly Column<StatementRow>[] = [
  { heading: 'TIME', align: 'right', cell: ({ share }) => percent(share) },
  { heading: 'MEAN', align: 'right', cell: ({ mean }) => (mean < 10 ? `${mean.toFixed(1)} ms` : formatDuration(mean)) },
  { heading: 'CALLS', align: 'right', cell: ({ calls }) => formatCount(calls) },
  { heading: 'ROWS', align: 'right', cell: ({ rows }) => formatCount(rows) },
  { heading: 'QUERY', cell: ({ query }) => query },
];

export const databaseQueries = defineCommand({
  meta: {
    name: 'yumops db queries',
    description: 'The statements that took the most time since the statistics were reset, without their values',
  },
  args: { ...databaseArgs, limit: limitArg },
  async run({ args }) {
    const limit = readLimit(args.limit);
    const queries = await withViews(args, (views) => fromEach(views, (view) => view.statements(limit)));
    if (args.json) printJson({ queries });
    else process.stdout.write(formatTable(COLUMNS, queries) || 'No statement was counted yet.\n');
    return 0;
  },
});
