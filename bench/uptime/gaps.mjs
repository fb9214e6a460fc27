/** A check at the edge of the window may come a moment earlier or later than its slot, milliseconds. */
const EDGE_MS = 1_000;

/**
 * How regular checks were.
 * @param hits path and the times at which it was asked, milliseconds
 * @param intervalMs between two checks
 * @param window when the measurement began and ended, on the clock of the hits
 * @returns gaps in milliseconds; `missed` = checks that did not come, in gaps of more than one and a half intervals, and
 * before the first and after the last check of a path where the window has room for a whole interval
 */
export function describeGaps(hits, intervalMs, { from, to }) {
  const gaps = hits
    .flatMap(([, times]) => times.slice(1).map((time, index) => time - times[index]))
    .sort((a, b) => a - b);
  const at = (share) => Math.round(gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] ?? Number.NaN);
  const within = gaps.reduce((sum, gap) => sum + Math.max(0, Math.floor(gap / intervalMs - 0.5)), 0);
  const edges = hits.flatMap(([, times]) => [(times[0] ?? to) - from, to - (times.at(-1) ?? to)]);
  const outside = edges.reduce((sum, gap) => sum + Math.max(0, Math.floor((gap - EDGE_MS) / intervalMs)), 0);
  return {
    checks: hits.reduce((sum, [, times]) => sum + times.length, 0),
    gaps: gaps.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    offByMoreThan500Ms: gaps.filter((gap) => Math.abs(gap - intervalMs) > 500).length,
    missed: within + outside,
  };
}
