import { defineCommand } from 'citty';
import { formatCount, percent, type StatementRow } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { printJson } from '../command.ts';
import { type Column, formatTable } from '../table.ts';
import { databaseArgs, limitArg, readLimit } from './open.ts';
import { lastArg, readLast } from './span.ts';
import { type DatabaseView, fromEach, withViews } from './views.ts';

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : formatDuration(ms);
}

const COLUMNS: readonly Column<StatementRow>[] = [
  { heading: 'TIME', align: 'right', cell: ({ share }) => percent(share) },
  { heading: 'MEAN', align: 'right', cell: ({ mean }) => milliseconds(mean) },
  { heading: 'P95 (EST.)', align: 'right', cell: ({ p95 }) => (p95 === null ? '?' : milliseconds(p95)) },
  { heading: 'CALLS', align: 'right', cell: ({ calls }) => formatCount(calls) },
  { heading: 'ROWS', align: 'right', cell: ({ rows }) => formatCount(rows) },
  { heading: 'QUERY', cell: ({ query }) => query },
];

export const databaseQueries = defineCommand({
  meta: {
    name: 'yumops db queries',
    description:
      'The statements that took the most time since the reset, or with --last in a span, without their values',
  },
  args: { ...databaseArgs, limit: limitArg, last: lastArg },
  async run({ args }) {
    const limit = readLimit(args.limit);
    const span = args.last === undefined ? undefined : readLast(args.last);
    const read = (view: DatabaseView) => (span === undefined ? view.statements(limit) : view.loads(span, limit));
    const queries = await withViews(args, (views) => fromEach(views, read));
    if (args.json) printJson({ queries });
    else process.stdout.write(formatTable(COLUMNS, queries) || 'No statement was counted yet.\n');
    return 0;
  },
});
