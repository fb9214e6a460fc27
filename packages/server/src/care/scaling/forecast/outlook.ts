import { type Fit, fitRecent } from './fit.ts';
import { byHour, DAY_MS, HOUR_MS, median, type Point } from './series.ts';

/** Why nothing can be said. */
export type UnknownReason = 'no_data' | 'too_short' | 'too_few' | 'stale' | 'no_limit';

/** When a resource reaches its limit. Days count from now. */
export type Outlook =
  | { state: 'unknown'; reason: UnknownReason; message: string }
  /** It is there already. */
  | { state: 'full' }
  /** It does not grow, or does not reach the limit within `horizonDays`. */
  | { state: 'none'; horizonDays: number }
  /** Interval of 95 %; null = beyond the horizon. */
  | { state: 'limit'; earliest: number; days: number | null; latest: number | null; horizonDays: number };

/** A day of the forecast: the mean of the day, and the range that 9 of 10 values lie in. */
export interface BandPoint {
  at: number;
  low: number;
  mean: number;
  high: number;
}

export interface Forecast {
  outlook: Outlook;
  /** Null while nothing can be said. */
  trend: {
    /** A day's growth with its interval of 95 %. */
    growthPerDay: { value: number; low: number; high: number };
    /** The history that it was made of: since when (ms since the epoch), and how many hours. */
    since: number;
    samples: number;
  } | null;
  band: BandPoint[];
}

const LEAST_SPAN = DAY_MS;
const LEAST_POINTS = 12;
const LONGEST_HISTORY = 90 * DAY_MS;
const STALE_AFTER = 2 * DAY_MS;
/** Nothing is said about a time further off than this many times the history. */
const HORIZON_FACTOR = 10;
const LONGEST_HORIZON = 730 * DAY_MS;
/** Peaks of this many deviations count for the earliest time. */
const PEAK = 3;
const BAND_POINTS = 90;

/** Quantile of Student's distribution at 97.5 %, by the expansion of Cornish and Fisher. @param freedom from 2 on */
function student(freedom: number, z = 1.96): number {
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

function unknown(reason: UnknownReason, message: string): Forecast {
  return { outlook: { state: 'unknown', reason, message }, trend: null, band: [] };
}

const hours = (ms: number) => `${Math.floor(ms / HOUR_MS)} h`;

function refuse(points: readonly Point[], now: number): Forecast | null {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return unknown('no_data', 'nothing was measured yet');
  if (now - last.at > STALE_AFTER) return unknown('stale', `the newest value is ${hours(now - last.at)} old`);
  const span = last.at - first.at;
  if (span < LEAST_SPAN) return unknown('too_short', `${hours(span)} of history, ${hours(LEAST_SPAN)} are needed`);
  if (points.length < LEAST_POINTS) {
    return unknown('too_few', `${points.length} hours with a value, ${LEAST_POINTS} are needed`);
  }
  return null;
}

function bandOf(fit: Fit, from: number, until: number): BandPoint[] {
  const step = Math.max(1, Math.ceil((until - from) / DAY_MS / BAND_POINTS)) * DAY_MS;
  const wide = student(fit.freedom, 1.645);
  const points: BandPoint[] = [];
  for (let at = from; at <= until; at += step) {
    let [low, high, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (let hour = 0; hour < 24; hour += 2) {
      const { value, error } = fit.at(at + hour * HOUR_MS);
      const off = wide * Math.hypot(error, fit.noise);
      low = Math.min(low, value - off);
      high = Math.max(high, value + off);
      sum += value;
    }
    points.push({ at, low, mean: sum / 12, high });
  }
  return points;
}

/** Hours from `now` until each of three curves is at the limit for the first time; null = not within the horizon. */
function crossings(fit: Fit, limit: number, now: number, horizon: number) {
  const wide = student(fit.freedom);
  const found: { earliest: number | null; mean: number | null; latest: number | null } = {
    earliest: null,
    mean: null,
    latest: null,
  };
  for (let at = now; at <= now + horizon; at += HOUR_MS) {
    const { value, error } = fit.at(at);
    const days = (at - now) / DAY_MS;
    if (found.earliest === null && value + wide * error + PEAK * fit.noise >= limit) found.earliest = days;
    if (found.mean === null && value >= limit) found.mean = days;
    if (value - wide * error >= limit) return { ...found, latest: days };
  }
  return found;
}

/**
 * Foretells when a series reaches its limit: growth with daily and weekly season, fitted robustly, and an interval that
 * counts how unsure growth and level are, how neighbours hang together, and peaks of three deviations.
 * @param history in any order; gaps and outliers do no harm
 * @param limit null = nobody knows it
 * @param now ms since the epoch
 */
export function forecast(history: readonly Point[], limit: number | null, now: number): Forecast {
  const points = byHour(history.filter(({ at }) => at <= now && at > now - LONGEST_HISTORY));
  const refused = refuse(points, now);
  if (refused) return refused;
  const fit = fitRecent(points);
  const { perDay, error } = fit.growth;
  const off = student(fit.freedom) * error;
  const trend = {
    growthPerDay: { value: perDay, low: perDay - off, high: perDay + off },
    since: fit.from,
    samples: fit.samples,
  };
  const horizon = Math.min(LONGEST_HORIZON, HORIZON_FACTOR * (fit.to - fit.from));
  const horizonDays = Math.floor(horizon / DAY_MS);
  const shown = (days: number) => bandOf(fit, now, now + Math.min(horizon, days * DAY_MS));
  if (limit === null) {
    const outlook = { state: 'unknown', reason: 'no_limit', message: 'no limit is known' } as const;
    return { outlook, trend, band: shown(30) };
  }
  // One value alone may be an outlier.
  if (median(points.slice(-3).map(({ value }) => value)) >= limit)
    return { outlook: { state: 'full' }, trend, band: shown(30) };
  if (trend.growthPerDay.low <= 0) return { outlook: { state: 'none', horizonDays }, trend, band: shown(30) };
  const { earliest, mean: days, latest } = crossings(fit, limit, now, horizon);
  if (earliest === null) return { outlook: { state: 'none', horizonDays }, trend, band: shown(90) };
  const band = shown(Math.max(30, 1.2 * (latest ?? days ?? horizonDays)));
  return { outlook: { state: 'limit', earliest, days, latest, horizonDays }, trend, band };
}

const whole = (days: number) => (days < 1 ? 'less than a day' : `${Math.floor(days)} day${days < 2 ? '' : 's'}`);

/** An outlook as the end of a sentence: `full in 41 days (34 to 52)`. */
export function outlookText(outlook: Outlook): string {
  switch (outlook.state) {
    case 'unknown':
      return `unknown: ${outlook.message}`;
    case 'full':
      return 'at its limit';
    case 'none':
      return `no limit in sight within ${outlook.horizonDays} days`;
    case 'limit': {
      const { earliest, days, latest, horizonDays } = outlook;
      const to = latest === null ? `more than ${horizonDays}` : Math.ceil(latest);
      if (days === null) return `not before ${whole(earliest)}, perhaps not within ${horizonDays} days`;
      return `at its limit in ${whole(days)} (${Math.floor(earliest)} to ${to})`;
    }
  }
}
