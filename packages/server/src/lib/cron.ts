import { Cron } from 'croner';
import { messageOf } from './errors.ts';
import type { Issue } from './finding.ts';
import { isTimeZone } from './zoned-time.ts';

/** A cron expression on the wall clock of a time zone. */
export interface CronSchedule {
  /** Five fields (`0 3 * * *`), or six with seconds first. */
  pattern: string;
  /** IANA name. */
  timeZone: string;
}

const compiled = new Map<string, Cron>();

function cronOf({ pattern, timeZone }: CronSchedule): Cron {
  const key = `${timeZone} ${pattern}`;
  const known = compiled.get(key);
  if (known) return known;
  const cron = new Cron(pattern, { timezone: timeZone, paused: true });
  compiled.set(key, cron);
  return cron;
}

/**
 * The first tick after an instant, in milliseconds since the epoch; null when there is none. A local time that does
 * not exist, because clocks go forward over it, comes at the first that does; one that comes twice counts once.
 * @param after milliseconds since the epoch, exclusive
 */
export function nextTick(schedule: CronSchedule, after: number): number | null {
  return cronOf(schedule).nextRun(new Date(after))?.getTime() ?? null;
}

/** What is wrong with an expression in a valid time zone; null when it is right and comes at some time. */
export function cronProblem(schedule: CronSchedule): string | null {
  try {
    return cronOf(schedule).nextRun() === null ? `"${schedule.pattern}" never comes` : null;
  } catch (error) {
    return `"${schedule.pattern}" is not a cron expression: ${messageOf(error)}`;
  }
}

/** What is wrong with the keys `schedule` and `time_zone` of a section; null when nothing is. */
export function scheduleProblem(pattern: string, timeZone: string): Omit<Issue, 'code'> | null {
  if (!isTimeZone(timeZone)) {
    const message = `"${timeZone}" is not a time zone`;
    return { path: ['time_zone'], message, suggestion: 'write for example Europe/Berlin' };
  }
  const message = cronProblem({ pattern, timeZone });
  return message === null ? null : { path: ['schedule'], message, suggestion: 'write for example "0 3 * * *"' };
}
