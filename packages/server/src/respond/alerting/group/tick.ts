/** The first tick of the grid `anchor + k * interval` at or after `at`; times in ms. */
export function nextTick(anchor: number, interval: number, at: number): number {
  if (interval <= 0) return at;
  return anchor + Math.ceil((at - anchor) / interval) * interval;
}
