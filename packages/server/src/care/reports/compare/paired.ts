import { quantileOf } from './quantile.ts';

/** One number a step, with what it was drawn from. */
export interface Point {
  /** Milliseconds since the epoch. */
  at: number;
  value: number;
  /** Events behind it. */
  count: number;
}

/** A step of the period and what is usual for that hour of the week. */
export interface Pair {
  at: number;
  before: number;
  after: number;
}

/** Numbers of fewer events say nothing of an hour. */
export const LEAST_EVENTS = 20;
/** So many hours must be told apart from their usual. */
export const LEAST_PAIRS = 12;
/** The chance that a period without any change is called changed, over everything that is looked at together. */
const MISTAKES = 0.001;
const WEEK_MS = 7 * 86_400_000;

/**
 * Puts each step beside what is usual at its hour of the week: the median of those hours of the period before. Steps of
 * too few events, in one period or the other, are left out.
 */
export function pairUp(before: readonly Point[], after: readonly Point[], least = LEAST_EVENTS): Pair[] {
  const usual = new Map<number, number[]>();
  for (const { at, value, count } of before) {
    if (count < least) continue;
    const cell = at % WEEK_MS;
    const known = usual.get(cell);
    if (known) known.push(value);
    else usual.set(cell, [value]);
  }
  return after.flatMap(({ at, value, count }) => {
    const known = usual.get(at % WEEK_MS);
    if (count < least || known === undefined) return [];
    return [{ at, before: quantileOf(known, 0.5) as number, after: value }];
  });
}

/** A level that is not what it was, from an instant to the end. */
export interface Shift {
  /** Start of the first step at the new level, milliseconds since the epoch. */
  since: number;
  /** New level by old: 3 = three times as much. */
  ratio: number;
  /** Medians over the steps since then. */
  before: number;
  after: number;
  pairs: number;
}

/**
 * The rule "hours of the week": finds the moment from which a number lies above (or below) what was usual at the same
 * hours. The moment is where a step explains most of the distance to the usual (least squares of the logarithms); it must
 * leave 12 hours at least. From there a sign test must call it no chance: below 0.001, times all moments and numbers that
 * were tried; and the median ratio must be large enough. Pairs of the same hour of the week take the season out; the
 * sign test asks nothing of the shape of the noise.
 * @param tried how many numbers are looked at together
 * @param least the smallest ratio that matters, above 1
 */
export function findShift(pairs: readonly Pair[], { tried, least }: { tried: number; least: number }): Shift | null {
  const moments = pairs.length - LEAST_PAIRS + 1;
  if (moments < 1) return null;
  const since = pairs.slice(stepIn(pairs));
  const limit = normalQuantile(1 - MISTAKES / (2 * moments * Math.max(1, tried)));
  return signsOf(since) < limit ? null : shiftFrom(since, least);
}

/** Further than this from the usual an hour counts no more: one outage must not look like a new level. */
const FARTHEST = Math.log(10);

/** Where the step begins that explains most: the index with the largest sum² / length of logarithms up to the end. */
function stepIn(pairs: readonly Pair[]): number {
  let best = { index: 0, explained: -1 };
  let sum = 0;
  for (let index = pairs.length - 1; index >= 0; index--) {
    const { before, after } = pairs[index] as Pair;
    const length = pairs.length - index;
    const far = Math.log(after / before);
    sum += Number.isNaN(far) ? 0 : Math.max(-FARTHEST, Math.min(FARTHEST, far));
    if (length >= LEAST_PAIRS && (sum * sum) / length > best.explained)
      best = { index, explained: (sum * sum) / length };
  }
  return best.index;
}

/** Standard deviations by which more pairs lie on one side than on the other; with the correction for continuity. */
function signsOf(pairs: readonly Pair[]): number {
  const above = pairs.filter(({ before, after }) => after > before).length;
  const below = pairs.filter(({ before, after }) => after < before).length;
  return above + below === 0 ? 0 : (Math.abs(above - below) - 1) / Math.sqrt(above + below);
}

function shiftFrom(since: readonly Pair[], least: number): Shift | null {
  const ratio = quantileOf(since.map(({ before, after }) => after / before).filter(Number.isFinite), 0.5);
  if (ratio === null || (ratio < least && ratio > 1 / least)) return null;
  return {
    since: (since[0] as Pair).at,
    ratio,
    before: quantileOf(
      since.map(({ before }) => before),
      0.5,
    ) as number,
    after: quantileOf(
      since.map(({ after }) => after),
      0.5,
    ) as number,
    pairs: since.length,
  };
}

/**
 * The value below which a share of the standard normal distribution lies, for shares of 0.5 and more; to 5 digits.
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
 */
export function normalQuantile(share: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - share));
  const above = 2.515517 + 0.802853 * t + 0.010328 * t * t;
  const below = 1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3;
  return t - above / below;
}
