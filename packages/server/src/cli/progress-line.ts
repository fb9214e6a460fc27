import { formatBytes } from '../care/database/index.ts';
import { formatDuration } from '../lib/duration.ts';

/**
 * `42 %  120 MB of 286 MB restored, 24 MB/s, 7 s left`
 * @param perSecond what is done in a second; null = nobody can say
 */
export function progressLine(done: number, total: number | null, what: string, perSecond: number | null): string {
  const isBytes = what.startsWith('bytes');
  const noun = isBytes ? what.slice('bytes '.length) : what;
  const amount = (value: number) => (isBytes ? formatBytes(value) : String(value));
  const speed = perSecond !== null && isBytes ? `, ${formatBytes(perSecond)}/s` : '';
  if (total === null || total === 0) return `${amount(done)} ${noun}${speed}`;
  const seconds = perSecond === null ? 0 : Math.ceil((total - done) / perSecond);
  const left = seconds > 0 ? `, ${formatDuration(seconds * 1_000)} left` : '';
  return `${Math.floor((100 * done) / total)} %  ${amount(done)} of ${amount(total)} ${noun}${speed}${left}`;
}
