/** A point of a series: milliseconds, and a value or nothing. */
export type Point = readonly [time: number, value: number | null];

export interface Extent {
  low: number;
  high: number;
}

/** Smallest and largest value; null without values. */
export function extentOf(values: readonly (number | null)[]): Extent | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low === Number.POSITIVE_INFINITY ? null : { low, high };
}

/** The last value that is not null. */
export function lastValue(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
