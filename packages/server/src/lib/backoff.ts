export interface BackoffOptions {
  /** First delay in milliseconds. */
  base: number;
  /** Longest delay in milliseconds. */
  cap: number;
  /** Share of the delay that is random, 0 to 1; default 0.2. */
  jitter?: number;
}

/**
 * Exponential back-off: `base * 2^attempt`, capped, then moved by up to ± `jitter`.
 * @param attempt number of failures so far, from 0
 * @param random a value in [0, 1)
 */
export function backoff(attempt: number, options: BackoffOptions, random: number): number {
  const plain = Math.min(options.cap, options.base * 2 ** Math.min(attempt, 30));
  const jitter = options.jitter ?? 0.2;
  return Math.round(plain * (1 - jitter + 2 * jitter * random));
}
