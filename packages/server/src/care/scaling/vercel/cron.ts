import { cronProblem, nextTick } from '../../../lib/cron.ts';
import { wallTimeAt } from '../../../lib/zoned-time.ts';

/** A job of the configuration that a cron of the same name calls for. */
export interface ConfiguredJob {
  name: string;
  pattern: string;
  timeZone: string;
}

const UTC = 'UTC';
const TICKS = 60;

/** What Vercel does not take of a cron expression; null when it takes it. */
export function vercelCronProblem(pattern: string): string | null {
  const fields = pattern.trim().split(/\s+/);
  if (fields.length !== 5) return `"${pattern}" has ${fields.length} fields; Vercel reads five`;
  const names = /[A-Za-z?#]+/.exec(pattern)?.[0];
  if (names !== undefined) return `"${pattern}" has "${names}"; Vercel reads numbers, * , - and / alone`;
  if (fields[2] !== '*' && fields[4] !== '*') {
    return `"${pattern}" names a day of the month and a day of the week; Vercel takes one of them`;
  }
  return cronProblem({ pattern, timeZone: UTC });
}

/** The shortest time between two runs, ms, looked at from an instant on; null when it runs no more than once. */
export function shortestGap(pattern: string, from: number): number | null {
  let shortest: number | null = null;
  let last = nextTick({ pattern, timeZone: UTC }, from);
  for (let tick = 0; tick < TICKS && last !== null; tick++) {
    const next = nextTick({ pattern, timeZone: UTC }, last);
    if (next !== null) shortest = Math.min(shortest ?? next - last, next - last);
    last = next;
  }
  return shortest;
}

/** The job that a path such as `/api/cron/backup` is meant for. */
export function jobFor(path: string, jobs: readonly ConfiguredJob[]): ConfiguredJob | undefined {
  const name = path.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return jobs.find((job) => job.name === name);
}

/** What the clock on the wall of a zone shows at the next run of an expression in UTC, `22:00`. */
export function localTimeOf(pattern: string, timeZone: string, now: number): string | null {
  const tick = nextTick({ pattern, timeZone: UTC }, now);
  return tick === null ? null : new Date(wallTimeAt(tick, timeZone)).toISOString().slice(11, 16);
}

/**
 * A daily expression of a zone in UTC, as the offset is at `now`. Null where that cannot be written as one expression:
 * it names days, or several hours.
 */
export function inUtc({ pattern, timeZone }: ConfiguredJob, now: number): string | null {
  if (timeZone === UTC) return pattern;
  const [minute = '', hour = '', ...days] = pattern.trim().split(/\s+/);
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour) || days.join(' ') !== '* * *') return null;
  const tick = nextTick({ pattern, timeZone }, now);
  if (tick === null) return null;
  const at = new Date(tick);
  return `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
}
