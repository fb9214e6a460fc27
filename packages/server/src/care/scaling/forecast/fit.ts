import { leastSquares, type Solution } from './least-squares.ts';
import { DAY_MS, HOUR_MS, median, type Point, spread } from './series.ts';

/** What a history says of its future. Times are ms since the epoch. */
export interface Fit {
  /** The first and the last point it was made of. */
  from: number;
  to: number;
  samples: number;
  /** A day's growth, and the standard error of it. */
  growth: { perDay: number; error: number };
  /** Standard deviation of a single value around the curve. */
  noise: number;
  /** Independent values that the history is worth, beyond those that the curve itself takes. */
  freedom: number;
  /** The curve at a time, and its standard error there. */
  at(time: number): { value: number; error: number };
}

const HARMONICS = 3;
/** A season is fitted when so many of its cycles were seen. */
const DAILY_FROM = 3 * DAY_MS;
const WEEKLY_FROM = 14 * DAY_MS;

/** Terms of the curve: level, growth, and waves of a day and a week as far as the history shows them. */
class Terms {
  readonly size: number;
  readonly #middle: number;
  readonly #span: number;
  readonly #periods: readonly number[];

  constructor(from: number, to: number) {
    this.#middle = (from + to) / 2;
    this.#span = Math.max(to - from, HOUR_MS);
    this.#periods = [...(this.#span >= DAILY_FROM ? [DAY_MS] : []), ...(this.#span >= WEEKLY_FROM ? [7 * DAY_MS] : [])];
    this.size = 2 + this.#periods.length * 2 * HARMONICS;
  }

  at(time: number): Float64Array {
    const row = new Float64Array(this.size);
    row[0] = 1;
    row[1] = (time - this.#middle) / this.#span;
    let place = 2;
    for (const period of this.#periods) {
      for (let harmonic = 1; harmonic <= HARMONICS; harmonic++) {
        const angle = (2 * Math.PI * harmonic * time) / period;
        row[place++] = Math.sin(angle);
        row[place++] = Math.cos(angle);
      }
    }
    return row;
  }

  /** Coefficient of growth × this = growth a day. */
  get perDay(): number {
    return DAY_MS / this.#span;
  }
}

const dot = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);

/** Weights of Huber's and of Tukey's estimator, with their usual constants: 95 % of the efficiency on normal noise. */
const huber = (distance: number) => (distance <= 1.345 ? 1 : 1.345 / distance);
const tukey = (distance: number) => (distance >= 4.685 ? 0 : (1 - (distance / 4.685) ** 2) ** 2);
const ROUNDS = [huber, huber, huber, huber, huber, tukey, tukey, tukey, tukey] as const;

interface Robust extends Solution {
  residuals: number[];
  noise: number;
}

/** Least squares again and again, each time with less weight for what lies far off. */
function solveRobustly(rows: readonly Float64Array[], values: Float64Array): Robust {
  const weights = new Float64Array(rows.length).fill(1);
  let solution = leastSquares(rows, values, weights);
  const residualsOf = () => rows.map((row, index) => (values[index] as number) - dot(row, solution.coefficients));
  const least = 1e-12 * Math.max(...values.map(Math.abs), 1e-300);
  for (const weigh of ROUNDS) {
    const residuals = residualsOf();
    const scale = Math.max(spread(residuals, 0), least);
    for (const [index, residual] of residuals.entries()) weights[index] = weigh(Math.abs(residual) / scale);
    solution = leastSquares(rows, values, weights);
  }
  const residuals = residualsOf();
  const size = rows[0]?.length ?? 0;
  const lost = Math.sqrt(rows.length / Math.max(1, rows.length - size));
  return { ...solution, residuals, noise: spread(residuals, 0) * lost };
}

/** Residuals beyond this many deviations are outliers and say nothing of how neighbours hang together. */
const CLIP = 4;

/**
 * By how much neighbours that are alike make the history worth less: variance of means against that of as many
 * independent values. From the correlation of neighbouring hours, and from the means of days; the larger counts.
 */
function inflation(points: readonly Point[], { residuals, noise }: Robust): number {
  if (noise === 0) return 1;
  const clipped = residuals.map((residual) => Math.max(-CLIP * noise, Math.min(CLIP * noise, residual)));
  let [product, square, pairs] = [0, 0, 0];
  const days = new Map<number, { sum: number; count: number }>();
  for (const [index, { at }] of points.entries()) {
    const residual = clipped[index] as number;
    square += residual ** 2;
    const before = points[index - 1];
    if (before && at - before.at <= HOUR_MS) {
      product += residual * (clipped[index - 1] as number);
      pairs++;
    }
    const day = Math.floor(at / DAY_MS);
    const known = days.get(day) ?? { sum: 0, count: 0 };
    days.set(day, { sum: known.sum + residual, count: known.count + 1 });
  }
  const variance = square / points.length;
  const neighbours = pairs === 0 ? 0 : Math.max(0, Math.min(0.98, product / pairs / variance));
  const means = [...days.values()].map(({ sum, count }) => (sum / Math.sqrt(count)) ** 2);
  const byDays = means.length < 5 ? 1 : means.reduce((sum, value) => sum + value, 0) / means.length / variance;
  return Math.max(1, (1 + neighbours) / (1 - neighbours), byDays);
}

/** Fits level, growth, daily and weekly season to hourly points, at least two of them, whatever gaps and outliers there are. */
export function fitSeries(points: readonly Point[]): Fit {
  const from = (points[0] as Point).at;
  const to = (points.at(-1) as Point).at;
  const terms = new Terms(from, to);
  const rows = points.map(({ at }) => terms.at(at));
  const robust = solveRobustly(
    rows,
    Float64Array.from(points, ({ value }) => value),
  );
  const worth = inflation(points, robust);
  const variance = robust.noise ** 2 * worth;
  const error = (row: Float64Array) =>
    Math.sqrt(
      Math.max(
        0,
        variance *
          dot(
            row,
            Float64Array.from(robust.inverse, (line) => dot(line, row)),
          ),
      ),
    );
  const slope = new Float64Array(terms.size);
  slope[1] = 1;
  return {
    from,
    to,
    samples: points.length,
    growth: { perDay: (robust.coefficients[1] as number) * terms.perDay, error: error(slope) * terms.perDay },
    noise: robust.noise,
    freedom: Math.max(2, points.length / worth - terms.size),
    at(time) {
      const row = terms.at(time);
      return { value: dot(row, robust.coefficients), error: error(row) };
    },
  };
}

/** Days on each side of a step, and how far beyond the usual change between days it must lie. */
const SIDE = 3;
const STEP = 8;
/** A newer part of the history counts alone when its growth differs by so many standard errors. */
const KINK = 5;
const LEAST_PART = 7 * DAY_MS;

/** Start of the part of the history after its newest lasting step (a purge, an import, a move); null without one. */
function newestStep(points: readonly Point[], fit: Fit): number | null {
  const days = new Map<number, number[]>();
  for (const { at, value } of points) {
    const day = Math.floor(at / DAY_MS);
    days.set(day, [...(days.get(day) ?? []), value - fit.at(at).value]);
  }
  const levels = [...days].map(([day, values]) => ({ day, level: median(values) }));
  const level = (from: number) => median(levels.slice(from, from + SIDE).map((one) => one.level));
  const changes: { day: number; change: number }[] = [];
  for (let place = SIDE; place <= levels.length - SIDE; place++) {
    changes.push({ day: (levels[place] as { day: number }).day, change: level(place) - level(place - SIDE) });
  }
  if (changes.length < 2 * SIDE) return null;
  const usual = spread(changes.map(({ change }) => change));
  const least = Math.max(STEP * usual, STEP * fit.noise * 0.25);
  const centre = median(changes.map(({ change }) => change));
  let newest: { day: number; change: number } | null = null;
  for (const { day, change } of changes) {
    const size = Math.abs(change - centre);
    // A step is seen from several days; the largest change is its own.
    if (size >= least && (newest === null || day - newest.day > SIDE || size >= Math.abs(newest.change - centre))) {
      newest = { day, change };
    }
  }
  return newest === null ? null : newest.day * DAY_MS;
}

/**
 * Fits the part of the history that still holds: after its newest step, and alone the newest third where that grows
 * otherwise than the whole.
 */
export function fitRecent(points: readonly Point[]): Fit {
  let kept = points;
  let fit = fitSeries(kept);
  const step = fit.to - fit.from >= 2 * LEAST_PART ? newestStep(kept, fit) : null;
  if (step !== null && fit.to - step >= DAY_MS * 2) {
    kept = kept.filter(({ at }) => at >= step);
    fit = fitSeries(kept);
  }
  while (fit.to - fit.from >= 3 * LEAST_PART) {
    const start = fit.to - (fit.to - fit.from) / 3;
    const newer = kept.filter(({ at }) => at >= start);
    const part = fitSeries(newer);
    if (Math.abs(part.growth.perDay - fit.growth.perDay) <= KINK * part.growth.error) break;
    [kept, fit] = [newer, part];
  }
  return fit;
}
