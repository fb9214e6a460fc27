import { systemClock } from '../../src/lib/clock.ts';
import type { TelemetryServer } from '../support/telemetry-server.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Two weeks of requests: eight routes, with the season of days and weeks, slow and fast days, and noise. */
export interface Fortnight {
  /** First instant, ms since the epoch. */
  from: number;
  seed: number;
  /** A route that is so many times slower from an instant on, or fails so often. */
  planted?: { route: string; since: number; times?: number; failing?: number };
}

export const ROUTES = [
  ['GET', '/api/restaurants', 40, 0.24],
  ['GET', '/api/restaurants/[id]', 60, 0.22],
  ['GET', '/api/search', 120, 0.16],
  ['POST', '/api/ratings', 90, 0.12],
  ['GET', '/api/recommendations', 200, 0.1],
  ['POST', '/api/auth/sign-in', 80, 0.07],
  ['GET', '/api/profile', 30, 0.06],
  ['POST', '/api/photos', 400, 0.03],
] as const;

const WEEK = 7 * DAY;
/** A Monday, 00:00 UTC. */
const SOME_MONDAY = Date.UTC(2024, 0, 1);

/** The Monday on which a fortnight begins; three weeks lie between two beginnings. All are within the 100 days that are kept. */
export function fortnightStart(index: number): number {
  const past = systemClock.now() - SOME_MONDAY;
  return SOME_MONDAY + (Math.floor(past / WEEK) - 2 - 3 * index) * WEEK;
}

/** A number in (0, 1) from a seed and an expression. */
const uniform = (seed: string, salt: string) =>
  `((sipHash64(concat(toString(${seed}), '/', '${salt}', '/', toString({seed:UInt32}))) % 1000003 + 0.5) / 1000003)`;
const normal = (seed: string, salt: string) =>
  `(sqrt(-2 * log(${uniform(seed, `${salt}1`)})) * cos(6.283185307 * ${uniform(seed, `${salt}2`)}))`;

/** Which day or hour of the fortnight it is: the same history comes out whenever the test runs. */
const step = (ms: number) => `intDiv(toUnixTimestamp64Milli(timestamp) - {from:Int64}, ${ms})`;

/** Stores a fortnight as the intake would, request by request. */
export async function storeFortnight({ telemetry }: TelemetryServer, fortnight: Fortnight, perDay = 14_000) {
  const { from, seed, planted } = fortnight;
  const list = (column: 0 | 1 | 2 | 3) =>
    `[${ROUTES.map((route) => (typeof route[column] === 'string' ? `'${route[column]}'` : route[column])).join(', ')}]`;
  const hour = '((toUnixTimestamp64Milli(timestamp) / 3600000) % 24)';
  const isPlanted =
    "(concat(method, ' ', endpoint) = {planted:String} AND toUnixTimestamp64Milli(timestamp) >= {since:Int64})";
  await telemetry.command(
    `INSERT INTO request_rows (timestamp, project, service, environment, release, method, endpoint, statusCode, duration, dedupKey, retentionClass)
     SELECT timestamp, '1', 'api', 'production', if(toUnixTimestamp64Milli(timestamp) >= {since:Int64}, '2.4.0', '2.3.1'), method, endpoint,
       if(${uniform('n', 'failed')} < if(${isPlanted}, {failing:Float64}, 0.004), 500, 200),
       base * exp(0.5 * ${normal('n', 'one')} + 0.08 * ${normal(`concat(endpoint, toString(${step(DAY)}))`, 'day')}
         + 0.05 * ${normal(`concat(endpoint, toString(${step(HOUR)}))`, 'hour')})
         * (1 + 0.3 * sin((${hour} - 9) / 24 * 6.283185307)) * if(toDayOfWeek(timestamp) > 5, 0.8, 1) * if(${isPlanted}, {times:Float64}, 1),
       concat(toString({seed:UInt32}), '-', toString(n)), 'requests'
     FROM (
       SELECT number AS n, fromUnixTimestamp64Milli({from:Int64} + toInt64(number * 86400000 / {perDay:UInt32})) AS timestamp,
         arrayFirstIndex(sum -> sum > ${uniform('number', 'route')}, arrayCumSum(${list(3)})) AS place,
         (${list(0)})[place] AS method, (${list(1)})[place] AS endpoint, (${list(2)})[place] AS base
       FROM numbers(14 * {perDay:UInt32}))
     WHERE ${uniform('n', 'season')} < (0.55 + 0.45 * sin((${hour} - 9) / 24 * 6.283185307)) * if(toDayOfWeek(timestamp) > 5, 1, 0.75)
     SETTINGS max_partitions_per_insert_block = 0`,
    {
      from,
      seed,
      perDay,
      planted: planted?.route ?? '',
      since: planted?.since ?? from + 365 * DAY,
      times: planted?.times ?? 1,
      failing: planted?.failing ?? 0.004,
    },
  );
}
