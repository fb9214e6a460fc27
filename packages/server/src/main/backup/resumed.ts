import type { ResumedRuns } from '../../care/backup/index.ts';
import { formatBytes } from '../../care/database/index.ts';

/** What a base backup took of runs that were cut off, in a sentence. */
export function sayResumed({ from, bytes }: ResumedRuns): string {
  const runs = from.length === 1 ? `${from[0]}, which was` : `${from.join(' and ')}, which were`;
  return `${formatBytes(bytes)} of it had been stored by ${runs} cut off.`;
}
