import { Cron } from 'croner';
import { messageOf } from './errors.ts';

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
