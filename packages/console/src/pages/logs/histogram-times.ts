import type { LogHistogram } from '@yumops/protocol';

/** Begin of each bucket, milliseconds since the epoch; of the whole range also where nothing was found in it. */
export function bucketTimes({ from, to, stepMs }: Pick<LogHistogram, 'from' | 'to' | 'stepMs'>): number[] {
  const start = Date.parse(from);
  const buckets = Math.round((Date.parse(to) - start) / stepMs);
  return Array.from({ length: buckets }, (_, index) => start + index * stepMs);
}
