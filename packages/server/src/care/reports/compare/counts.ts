import { normalQuantile } from './paired.ts';

/** Good and bad events of one step. */
export interface Share {
  /** Milliseconds since the epoch. */
  at: number;
  total: number;
  bad: number;
}

/** A share of bad events that is not what it was, from an instant to the end. Shares are 0 to 1. */
export interface ShareShift {
  since: number;
  before: number;
  after: number;
  total: number;
  bad: number;
}

const MISTAKES = 0.001;
/** Events on each side, and bad ones on the worse, below which nothing is said. */
export const LEAST_TOTAL = 200;
export const LEAST_BAD = 10;
/** Steps that a shift must last. */
const LEAST_STEPS = 3;
const LEAST_RATIO = 1.5;
/** Tenth of a percentage point: less is no news however sure it is. */
const LEAST_DIFFERENCE = 0.001;

const sum = (steps: readonly Share[]) =>
  steps.reduce((all, { total, bad }) => ({ total: all.total + total, bad: all.bad + bad }), { total: 0, bad: 0 });

/** How much more the shares of steps scatter than chance alone would have it; 1 = as chance has it. Pearson's chi² by its freedom. */
function dispersionOf(steps: readonly Share[]): number {
  const { total, bad } = sum(steps);
  const share = bad / total;
  const counted = steps.filter((step) => step.total > 0);
  if (!(share > 0 && share < 1) || counted.length < 2) return 1;
  const chi2 = counted.reduce((all, step) => {
    const expected = step.total * share;
    return all + (step.bad - expected) ** 2 / (expected * (1 - share));
  }, 0);
  return Math.max(1, chi2 / (counted.length - 1));
}

/**
 * The rule "share of failures": finds the moment from which the share of bad events differs from the whole period before.
 * Two shares are compared by their normal approximation, widened by how much the shares of the hours before scattered; the
 * clearest moment counts if its chance, times all moments and series that were tried, is below 0.001. At least 200 events
 * on each side, 10 bad ones on the worse, half as much again, and 0.1 percentage points.
 * @param tried how many series are looked at together
 */
export function findShareShift(
  before: readonly Share[],
  after: readonly Share[],
  { tried }: { tried: number },
): ShareShift | null {
  const old = sum(before);
  const moments = after.length - LEAST_STEPS + 1;
  if (old.total < LEAST_TOTAL || moments < 1) return null;
  const spread = dispersionOf(before);
  const limit = normalQuantile(1 - MISTAKES / (2 * moments * Math.max(1, tried)));
  const best = clearest(old, after);
  if (best === null || best.z / Math.sqrt(spread) < limit || !isNews(old, best)) return null;
  const { total, bad } = best;
  return { since: (after[best.index] as Share).at, before: old.bad / old.total, after: bad / total, total, bad };
}

interface Total {
  total: number;
  bad: number;
}

/** The moment from which the share is furthest from the old one, in standard deviations. */
function clearest(old: Total, after: readonly Share[]): (Total & { index: number; z: number }) | null {
  let best: (Total & { index: number; z: number }) | null = null;
  let [total, bad] = [0, 0];
  for (let index = after.length - 1; index >= 0; index--) {
    total += (after[index] as Share).total;
    bad += (after[index] as Share).bad;
    if (after.length - index < LEAST_STEPS || total < LEAST_TOTAL) continue;
    const z = Math.abs(distance(old, { total, bad }));
    if (best === null || z > best.z) best = { index, z, total, bad };
  }
  return best;
}

function isNews(old: Total, now: Total): boolean {
  const [was, is] = [old.bad / old.total, now.bad / now.total];
  const [low, high] = was < is ? [was, is] : [is, was];
  return (is > was ? now : old).bad >= LEAST_BAD && high - low >= LEAST_DIFFERENCE && high >= low * LEAST_RATIO;
}

/** Standard deviations between two shares. */
function distance(a: Total, b: Total): number {
  const pooled = (a.bad + b.bad) / (a.total + b.total);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / a.total + 1 / b.total));
  return deviation === 0 ? 0 : (b.bad / b.total - a.bad / a.total) / deviation;
}

/** How many of something there were; both over spans of time. */
export interface CountPair {
  before: number;
  after: number;
  beforeMs: number;
  afterMs: number;
}

/**
 * The rule "counts": whether so many more (or fewer) are no chance. Under the same rate each of all events lies in the
 * second span with the share of its length; the count must be 3.3 standard deviations away (1 in 1,000), half as much
 * again, and 10 at least on the larger side.
 */
export function countChanged({ before, after, beforeMs, afterMs }: CountPair): 'more' | 'fewer' | null {
  const all = before + after;
  const share = afterMs / (beforeMs + afterMs);
  if (Math.max(before, after) < LEAST_BAD || !(share > 0 && share < 1)) return null;
  const z = (after - all * share) / Math.sqrt(all * share * (1 - share));
  if (Math.abs(z) < normalQuantile(1 - MISTAKES / 2)) return null;
  const [was, is] = [before / beforeMs, after / afterMs];
  if (Math.max(was, is) < LEAST_RATIO * Math.min(was, is)) return null;
  return is > was ? 'more' : 'fewer';
}
