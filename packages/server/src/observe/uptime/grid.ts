import { createHash } from 'node:crypto';

/** The times at which a monitor is due: `anchorMs`, and every `intervalMs` from it. On a monotonic clock. */
export interface Grid {
  anchorMs: number;
  intervalMs: number;
}

/** A start of the prober checks this many monitors a second at first, so that it is no storm. */
const STARTS_PER_SECOND = 100;

/** Where in its interval a monitor is checked, from its id, in [0, 1): spread out, and the same after a restart. */
export function phaseOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;
}

/** The grid of a monitor that is taken up at `now`. */
export function gridOf(id: string, intervalMs: number, now: number): Grid {
  return { anchorMs: now + phaseOf(id) * intervalMs, intervalMs };
}

/**
 * When a monitor is checked first: within its interval and, when there are few monitors, within seconds. Never later
 * than the first slot of its grid.
 * @param monitors number of monitors that start together
 */
export function firstDue(id: string, intervalMs: number, now: number, monitors: number): number {
  const spreadMs = Math.min(intervalMs, Math.max(2_000, (monitors / STARTS_PER_SECOND) * 1_000));
  return now + phaseOf(id) * spreadMs;
}

/** The first slot after `now`. Slots that were missed are not made up for: one check tells as much as three. */
export function nextSlot(grid: Grid, now: number): number {
  const behind = Math.floor((now - grid.anchorMs) / grid.intervalMs) + 1;
  return grid.anchorMs + Math.max(0, behind) * grid.intervalMs;
}

/** When to check next: at the next slot, or earlier when a re-check is wanted. */
export function nextDue(grid: Grid, now: number, recheckInMs: number | null): number {
  const slot = nextSlot(grid, now);
  return recheckInMs === null ? slot : Math.min(slot, now + recheckInMs);
}
