/** A run is slow when it takes so many times the median of those before it, and a minute more. */
const SLOW_FACTOR = 3;
const SLOW_MARGIN_MS = 60_000;
/** Fewer good runs say nothing. */
const RUNS_NEEDED = 3;

/**
 * The duration beyond which a run is slow, from earlier good ones; null while there are fewer than three.
 * @param durations of good runs, ms, in any order
 */
export function slowAfter(durations: readonly number[]): number | null {
  const median = medianOf(durations);
  return median === null || durations.length < RUNS_NEEDED
    ? null
    : Math.max(median * SLOW_FACTOR, median + SLOW_MARGIN_MS);
}

/** The median; null of nothing. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
