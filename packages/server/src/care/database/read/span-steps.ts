import type { Span } from './history.ts';

const POINTS = 60;
const LEAST_STEP = 60_000;

/** A span in steps of whole minutes, at most 60 of them. ms since the epoch, and ms. */
export interface Steps {
  first: number;
  to: number;
  step: number;
}

export function stepsOf({ from, to }: Span): Steps {
  const step = Math.max(LEAST_STEP, Math.ceil((to - from) / POINTS / LEAST_STEP) * LEAST_STEP);
  return { first: Math.floor(from / step) * step, to, step };
}

/** The start of every step. */
export function startsOf({ first, to, step }: Steps): number[] {
  return Array.from({ length: Math.ceil((to - first) / step) }, (_, place) => first + place * step);
}
