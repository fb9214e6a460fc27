import type { DiskRoom, ServerPoint } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { formatBytes, formatCount, percent } from '../../care/database/index.ts';
import { printJson } from '../command.ts';
import { shownTime } from '../shown-time.ts';
import { type Column, formatTable } from '../table.ts';
import { formatDaysLeft, formatGrowth } from './growth-columns.ts';
import { databaseArgs } from './open.ts';
import { lastArg, readLast } from './span.ts';
import { withViews } from './views.ts';

const known = (value: number | null, format: (value: number) => string) => (value === null ? '?' : format(value));
const rate = (value: number | null) => known(value, (bytes) => `${formatBytes(bytes)}/s`);
const count = (value: number | null) => known(value, formatCount);

const COLUMNS: readonly Column<ServerPoint>[] = [
  { heading: 'TIME', cell: ({ at }) => shownTime(new Date(at).toISOString()) },
  { heading: 'WAL', align: 'right', cell: ({ walRate }) => rate(walRate) },
  { heading: 'READ', align: 'right', cell: ({ readRate }) => rate(readRate) },
  { heading: 'WRITTEN', align: 'right', cell: ({ writeRate }) => rate(writeRate) },
  { heading: 'CHECKPOINTS', align: 'right', cell: ({ checkpointsTimed }) => count(checkpointsTimed) },
  { heading: 'EARLY', align: 'right', cell: ({ checkpointsRequested }) => count(checkpointsRequested) },
  { heading: 'CACHE', align: 'right', cell: ({ cacheHit }) => known(cacheHit, percent) },
  { heading: 'COMMITS', align: 'right', cell: ({ commits }) => count(commits) },
  { heading: 'ROLLED BACK', align: 'right', cell: ({ rollbacks }) => count(rollbacks) },
  { heading: 'TEMPORARY', align: 'right', cell: ({ tempBytes }) => known(tempBytes, formatBytes) },
  { heading: 'DEADLOCKS', align: 'right', cell: ({ deadlocks }) => count(deadlocks) },
];

function describeDisk({ used, free, growthPerDay, fullInDays }: DiskRoom): string {
  const room = `${known(used, formatBytes)} of data, ${known(free, formatBytes)} left on the disk`;
  const growth = `grows by ${formatGrowth(growthPerDay)} a day`;
  return `${room}, ${growth}, full in ${formatDaysLeft({ growthPerDay, fullInDays })}\n`;
}

export const databaseServer = defineCommand({
  meta: {
    name: 'yumops db server',
    description:
      'Write-ahead log, files, checkpoints, cache and disk of the server over time, as the platform saw them',
  },
  args: { ...databaseArgs, last: { ...lastArg, default: '1h' } },
  async run({ args }) {
    const span = readLast(args.last);
    const databases = await withViews(args, (views) =>
      Promise.all(views.map(async (view) => ({ database: view.name, ...(await view.server(span)) }))),
    );
    if (args.json) {
      printJson({ databases });
      return 0;
    }
    for (const { database, points, disk } of databases) {
      process.stdout.write(`${database}: ${describeDisk(disk)}`);
      const seen = points.filter((point) =>
        Object.entries(point).some(([key, value]) => key !== 'at' && value !== null),
      );
      process.stdout.write(formatTable(COLUMNS, seen) || 'Nothing was seen in this time.\n');
    }
    return 0;
  },
});
