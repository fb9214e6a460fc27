/**
 * How regular checks were.
 * @param hits path and the times at which it was asked, milliseconds
 * @param intervalMs between two checks
 * @param windowMs how long it was measured
 * @returns gaps in milliseconds; `missed` = checks that did not come: gaps of more than one and a half intervals, and
 * paths that were asked less often than the window has whole intervals
 */
export function describeGaps(hits, intervalMs, windowMs) {
  const gaps = hits
    .flatMap(([, times]) => times.slice(1).map((time, index) => time - times[index]))
    .sort((a, b) => a - b);
  const at = (share) => Math.round(gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] ?? Number.NaN);
  const wanted = Math.floor(windowMs / intervalMs);
  const late = gaps.filter((gap) => gap > intervalMs * 1.5).length;
  const lacking = hits.reduce((sum, [, times]) => sum + Math.max(0, wanted - times.length), 0);
  return {
    checks: hits.reduce((sum, [, times]) => sum + times.length, 0),
    gaps: gaps.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    offByMoreThan500Ms: gaps.filter((gap) => Math.abs(gap - intervalMs) > 500).length,
    missed: Math.max(late, lacking),
  };
}
