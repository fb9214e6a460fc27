import type { JobRun } from '@yumops/protocol';
import { formatBytes, formatCount, formatSpan } from '../../format/number.ts';

/** `120 MB of 286 MB restored, 24 MB/s, 7 s left` */
export function formatProgress({ done, total, what, perSecond = null }: NonNullable<JobRun['progress']>): string {
  const isBytes = what.startsWith('bytes');
  const amount = isBytes ? formatBytes : formatCount;
  const noun = isBytes ? what.slice('bytes '.length) : what;
  const speed = perSecond !== null && isBytes ? `, ${formatBytes(perSecond)}/s` : '';
  if (total === null || total === 0) return `${amount(done)} ${noun}${speed}`;
  const seconds = perSecond === null ? 0 : Math.ceil((total - done) / perSecond);
  const left = seconds > 0 ? `, ${formatSpan(seconds * 1_000)} left` : '';
  return `${amount(done)} of ${amount(total)} ${noun}${speed}${left}`;
}
