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
/** A level must hold for so many hours. */
export const LEAST_PAIRS = 6;
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
 * leave 6 hours at least. That it is chance must be less likely than 0.001, over all moments and numbers that were tried,
 * by one of two tests that ask nothing of the shape of the noise: the sign test of the hours since, or that they are
 * all further from their usual than every hour before. And the median ratio must be large enough. Pairs of the same hour
 * of the week take the season out.
 * @param tried how many numbers are looked at together
 * @param least the smallest ratio that matters, above 1
 */
export function findShift(pairs: readonly Pair[], { tried, least }: { tried: number; least: number }): Shift | null {
  const moments = pairs.length - LEAST_PAIRS + 1;
  if (moments < 1) return null;
  const index = stepIn(pairs);
  const since = pairs.slice(index);
  const chance = 2 * Math.min(chanceOfSigns(since), chanceOfRanks(pairs.slice(0, index), since));
  return chance * moments * Math.max(1, tried) < MISTAKES ? shiftFrom(since, least) : null;
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

/** How likely so many pairs, or more, lie on one side when each side is as likely: exact, both sides. */
function chanceOfSigns(pairs: readonly Pair[]): number {
  const above = pairs.filter(({ before, after }) => after > before).length;
  const below = pairs.filter(({ before, after }) => after < before).length;
  const told = above + below;
  let tail = 0;
  for (let count = Math.max(above, below); count <= told; count++)
    tail += Math.exp(logChoices(told, count) - told * Math.LN2);
  return Math.min(1, 2 * tail);
}

/** How likely the hours since are all further out than each before when every order is as likely; 1 = they are not. */
function chanceOfRanks(earlier: readonly Pair[], since: readonly Pair[]): number {
  const ratios = (pairs: readonly Pair[]) => pairs.map(({ before, after }) => after / before);
  const [old, now] = [ratios(earlier), ratios(since)];
  const apart = Math.max(...old) < Math.min(...now) || Math.min(...old) > Math.max(...now);
  return apart && old.length > 0 ? Math.min(1, 2 * Math.exp(-logChoices(old.length + now.length, now.length))) : 1;
}

/** Logarithm of the number of ways to choose `count` of `all`. */
function logChoices(all: number, count: number): number {
  let sum = 0;
  for (let n = 1; n <= count; n++) sum += Math.log(all - count + n) - Math.log(n);
  return sum;
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
