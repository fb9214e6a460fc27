import { formatBytes } from '../../care/database/index.ts';
import type { Column } from '../table.ts';

interface Growing {
  growthPerDay: number | null;
  fullInDays: number | null;
}

/** A rate that is not known is told as `?`: the platform has to have watched for a day. */
export function formatGrowth(bytes: number | null): string {
  if (bytes === null) return '?';
  const sign = bytes < 0 ? '-' : '';
  return `${sign}${formatBytes(Math.abs(bytes))}`;
}

/** Days until the disk is full; `-` where it is not going to be. */
export function formatDaysLeft({ growthPerDay, fullInDays }: Growing): string {
  if (fullInDays !== null) return fullInDays >= 1_000 ? '>1000 d' : `${Math.floor(fullInDays)} d`;
  return growthPerDay !== null && growthPerDay <= 0 ? '-' : '?';
}

/** How a table or an index grows, and when it alone would have filled the disk. */
export const growthColumns: readonly Column<Growing>[] = [
  { heading: 'A DAY', align: 'right', cell: ({ growthPerDay }) => formatGrowth(growthPerDay) },
  { heading: 'DISK FULL', align: 'right', cell: formatDaysLeft },
];
