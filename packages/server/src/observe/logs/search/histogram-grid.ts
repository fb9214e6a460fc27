const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Widths of buckets that people read easily, milliseconds. */
const STEPS = [
  10,
  100,
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  30 * DAY,
];

/** Even buckets that cover a range: a round width, the first at a multiple of it. Times in milliseconds. */
export function histogramGrid(
  from: number,
  to: number,
  buckets: number,
): { from: number; stepMs: number; buckets: number } {
  const wanted = Math.max(1, to - from) / buckets;
  const stepMs = STEPS.find((step) => step >= wanted) ?? Math.ceil(wanted / DAY) * DAY;
  const start = Math.floor(from / stepMs) * stepMs;
  return { from: start, stepMs, buckets: Math.max(1, Math.ceil((to - start) / stepMs)) };
}
