import type { Remark } from '../finding.ts';
import type { Thresholds } from '../thresholds.ts';
import { formatBytes, percent } from '../units.ts';
import type { DiskSpace } from './disk-space.ts';

/** Room that was taken at a time: ms since the epoch, bytes. */
export interface SizePoint {
  at: number;
  bytes: number;
}

const DAY = 86_400_000;
/** How far the history must reach back, and how many points it must have. */
const LEAST_SPAN = DAY;
const LEAST_POINTS = 8;
/** Little room is no matter where that is still much. */
const MUCH = 20 * 1_024 ** 3;

export const LARGEST_TABLES =
  "SELECT c.oid::regclass AS relation, pg_size_pretty(pg_total_relation_size(c.oid)) AS size FROM pg_class c WHERE c.relkind IN ('r', 'm') ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 20;";

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/**
 * Growth in bytes a day, as the median of the slopes between all pairs of points (Theil and Sen): one large import or
 * one VACUUM FULL does not bend it. Null while the history is too short.
 */
export function growthPerDay(points: readonly SizePoint[]): number | null {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < LEAST_POINTS || last.at - first.at < LEAST_SPAN) return null;
  const slopes: number[] = [];
  for (const [place, from] of points.entries()) {
    for (const to of points.slice(place + 1)) {
      if (to.at > from.at) slopes.push(((to.bytes - from.bytes) / (to.at - from.at)) * DAY);
    }
  }
  return median(slopes);
}

function remark(severity: Remark['severity'], message: string): Remark {
  return { code: 'disk_forecast', severity, object: 'disk', message, fix: LARGEST_TABLES };
}

/** Little room on the disk, whatever the growth. */
export function judgeRoom({ used, free }: DiskSpace, at: Thresholds): Remark[] {
  if (free === null || free >= MUCH) return [];
  const share = free / (used + free);
  if (share >= at.disk_free) return [];
  const severity = share < at.disk_free_critical ? 'critical' : 'warning';
  const message = `The disk of the server has ${formatBytes(free)} left beside ${formatBytes(used)} of data (${percent(share)}). The statement shows what takes the room.`;
  return [remark(severity, message)];
}

/** When the disk is full if it goes on like this. */
export function judgeGrowth(points: readonly SizePoint[], { used, free }: DiskSpace, at: Thresholds): Remark[] {
  const growth = growthPerDay(points);
  if (growth === null || growth <= 0 || free === null) return [];
  const days = free / growth;
  if (days >= at.disk_days) return [];
  const severity = days < at.disk_days_critical ? 'critical' : 'warning';
  const when = days < 1 ? 'less than a day' : `${Math.floor(days)} ${Math.floor(days) === 1 ? 'day' : 'days'}`;
  const message = `The disk is full in ${when}: ${formatBytes(used)} of data grow by ${formatBytes(growth)} a day, and ${formatBytes(free)} are left. The statement shows what takes the room.`;
  return [remark(severity, message)];
}
