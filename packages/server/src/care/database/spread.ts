/** What is known of the calls of a statement in a span of time. */
export interface Calls {
  calls: number;
  /** Milliseconds of all calls, and their squares, summed; squares null where they were not counted. */
  total: number;
  squares: number | null;
}

/** Fewer calls say nothing about the slowest of them. */
const LEAST_CALLS = 20;
/** The share of the mean's square below which a negative variance is rounding. */
const ROUNDING = 1e-6;

/** Standard normal quantiles. */
const QUANTILES = { p95: 1.6449, p99: 2.3263 } as const;

/**
 * An estimate of how long the slow calls of a statement took, in milliseconds. Postgres counts no percentiles; it counts
 * how many calls there were, how long they took and how far they lie apart. Durations of a statement are skewed to the
 * right, so that they are taken for log-normal with this mean and variance. Null below 20 calls, and where the spread
 * was not counted: unknown is not quick.
 */
export function estimatePercentile(
  { calls, total, squares }: Calls,
  percentile: keyof typeof QUANTILES,
): number | null {
  if (squares === null || calls < LEAST_CALLS) return null;
  const mean = total / calls;
  if (mean <= 0) return null;
  const relative = squares / calls / mean ** 2 - 1;
  if (relative < -ROUNDING) return null;
  const sigma = Math.sqrt(Math.log1p(Math.max(0, relative)));
  return mean * Math.exp(QUANTILES[percentile] * sigma - sigma ** 2 / 2);
}
