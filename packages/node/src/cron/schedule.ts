const MINUTE = 60_000;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** Minute, hour, day of month, month, day of week. */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

function numberOf(text: string, field: number): number {
  const names = field === 3 ? MONTHS : field === 4 ? DAYS : [];
  const named = names.indexOf(text.toLowerCase());
  return named < 0 ? Number(text) : named + (field === 3 ? 1 : 0);
}

/** Whether a field such as `1-5`, `0-30/10` or `mon,wed` names a value; what cannot be read names none. */
function names(text: string, field: number, value: number): boolean {
  const [lowest, highest] = RANGES[field] as readonly [number, number];
  return text.split(',').some((part) => {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const first = from === '*' ? lowest : numberOf(from, field);
    const last = from === '*' || (to === undefined && step !== undefined) ? highest : numberOf(to ?? from, field);
    const fits = (one: number) => one >= first && one <= last && (one - first) % Number(step ?? 1) === 0;
    return fits(value) || (field === 4 && value === 0 && fits(7));
  });
}

/** Minute, hour, day, month and day of week on the wall clock of a zone. */
function wallClock(at: number, zone: string): number[] {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', weekday: 'short' },
    ...{ month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const { minute, hour, day, month, weekday = '' } = parts;
  return [Number(minute), Number(hour), Number(day), Number(month), DAYS.indexOf(weekday.toLowerCase())];
}

function fires(fields: readonly string[], clock: readonly number[]): boolean {
  const fit = fields.map((text, field) => names(text, field, clock[field] as number));
  const [minute, hour, day, month, weekday] = fit;
  // As cron has it: where both days are named, either will do.
  const either = !fields[2]?.startsWith('*') && !fields[4]?.startsWith('*');
  return Boolean(minute && hour && month && (either ? day || weekday : day && weekday));
}

/**
 * The minute for which a run that begins at `now` was scheduled: the last one within `within` milliseconds, else that of `now`. A
 * platform that calls twice, some seconds or minutes apart, calls for the same one.
 */
export function scheduledMinute(schedule: string, zone: string, now: number, within: number): number {
  const own = Math.floor(now / MINUTE) * MINUTE;
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) return own;
  try {
    for (let at = own; at > own - Math.max(within, MINUTE); at -= MINUTE) {
      if (fires(fields, wallClock(at, zone))) return at;
    }
  } catch {
    // A zone that this machine does not know: the job runs all the same.
  }
  return own;
}
