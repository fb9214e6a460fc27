/** How busy each hour of the day is, 0 to 23: quiet nights, lunch, and above all dinner. The mean is 1. */
const BUSYNESS = [
  0.45, 0.4, 0.4, 0.4, 0.4, 0.5, 0.65, 0.85, 1.0, 1.05, 1.15, 1.45, 1.65, 1.45, 1.05, 0.95, 1.05, 1.35, 1.65, 1.7, 1.45,
  1.15, 0.9, 0.65,
];
const MEAN = BUSYNESS.reduce((sum, busy) => sum + busy, 0) / BUSYNESS.length;

/** A day passes in an hour, beginning at 10:00, so that a short look sees its shape too. */
const DAY_MS = 60 * 60 * 1000;
const FIRST_HOUR = 10;

/**
 * The rate at a moment as a share of the mean rate, between the hours interpolated.
 * @param {number} elapsedMs since the traffic began
 */
export function busyness(elapsedMs) {
  const hour = (FIRST_HOUR + (elapsedMs / DAY_MS) * 24) % 24;
  const before = BUSYNESS[Math.floor(hour)];
  const after = BUSYNESS[(Math.floor(hour) + 1) % 24];
  return (before + (after - before) * (hour % 1)) / MEAN;
}
