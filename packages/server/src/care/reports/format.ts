import type { ReportUnit } from '@yumops/protocol';
import { formatDuration } from '../../lib/duration.ts';
import { formatZonedTime } from '../../lib/zoned-time.ts';
import { formatBytes } from '../database/index.ts';

const digits = (value: number) => {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return 0;
  return size >= 10 ? 1 : 2;
};

const plain = (value: number) => value.toLocaleString('en', { maximumFractionDigits: digits(value) });

/** A number as people read it: `7.2 %`, `412 ms`, `1,204`; `unknown` for none. */
export function formatValue(value: number | null, unit: ReportUnit): string {
  if (value === null) return 'unknown';
  switch (unit) {
    case '%':
      return `${value.toLocaleString('en', { maximumFractionDigits: value >= 99 && value < 100 ? 3 : digits(value) })} %`;
    case 'ms':
      return value >= 10_000 ? formatDuration(value) : `${plain(value)} ms`;
    case 's':
      return formatDuration(value * 1_000);
    case 'bytes':
      return formatBytes(value);
    case '/s':
      return `${plain(value)}/s`;
    case 'count':
      return Math.round(value).toLocaleString('en');
    case 'score':
      return value.toLocaleString('en', { maximumFractionDigits: 3 });
  }
}

/** `2.3 times`, or `18 % more`. */
export function formatRatio(ratio: number): string {
  if (ratio >= 2) return `${plain(Math.round(ratio * 10) / 10)} times as much`;
  const share = Math.round(Math.abs(ratio - 1) * 100);
  return `${share} % ${ratio >= 1 ? 'more' : 'less'}`;
}

/** `1 monitor`, `1,204 monitors`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** An instant in the zone of the report, with its offset. */
export const formatAt = (at: number, timeZone: string) => formatZonedTime(at, timeZone);
