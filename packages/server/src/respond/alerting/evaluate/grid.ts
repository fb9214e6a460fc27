import { sha256 } from '../fingerprint.ts';

const QUANTUM_MS = 1_000;

/** Where a rule's evaluations fall: at `phase + k * interval`, in ms. */
export interface Grid {
  interval: number;
  phase: number;
}

/** The grid of a rule; its phase is spread over the interval by the rule's id, in whole seconds. */
export function gridOf(ruleId: string, interval: number): Grid {
  const hash = Number.parseInt(sha256(ruleId).slice(0, 8), 16);
  const steps = Math.max(1, Math.floor(interval / QUANTUM_MS));
  return { interval, phase: (hash % steps) * QUANTUM_MS };
}

/** The latest evaluation instant at or before `now`. */
export function slotAt(grid: Grid, now: number): number {
  return Math.floor((now - grid.phase) / grid.interval) * grid.interval + grid.phase;
}

/** How many slots after `last` (exclusive) and before `slot` (exclusive) were never evaluated. */
export function missedBetween(grid: Grid, last: number | null, slot: number): number {
  if (last === null) return 0;
  return Math.max(0, Math.round((slot - last) / grid.interval) - 1);
}
