/** A value at a time, ms since the epoch. */
export interface Point {
  at: number;
  value: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The value in the middle; of an even number the mean of both. NaN without any. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/** Spread that outliers do not bend: 1.4826 × the median distance from `centre`, which of normal noise is its deviation. */
export function spread(values: readonly number[], centre = median(values)): number {
  return 1.4826 * median(values.map((value) => Math.abs(value - centre)));
}

/** One point an hour, the mean of its points, in order of time; hours without a point are gaps. */
export function byHour(points: readonly Point[]): Point[] {
  const hours = new Map<number, { sum: number; count: number }>();
  for (const { at, value } of points) {
    if (!Number.isFinite(value)) continue;
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    const known = hours.get(hour) ?? { sum: 0, count: 0 };
    hours.set(hour, { sum: known.sum + value, count: known.count + 1 });
  }
  return [...hours].map(([at, { sum, count }]) => ({ at, value: sum / count })).sort((a, b) => a.at - b.at);
}
