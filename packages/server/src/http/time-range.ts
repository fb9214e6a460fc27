import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';

const DAY_MS = 86_400_000;

/** Reads ISO 8601 or milliseconds since the epoch; undefined when the text is neither. */
export function readInstant(text: string): number | undefined {
  const time = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(time) && time >= 0 && time < 8e12 ? time : undefined;
}

const instant = z
  .string()
  .max(40)
  .transform((text, context) => {
    const time = readInstant(text);
    if (time !== undefined) return time;
    context.addIssue({
      code: 'custom',
      message: `"${text}" is neither an ISO 8601 time nor milliseconds since the epoch`,
    });
    return z.NEVER;
  })
  .optional();

/** `?from=` and `?to=`, as ISO 8601 or milliseconds since the epoch. */
export const timeRange = { from: instant, to: instant };

/**
 * The range that a request asks for, by default the last day up to now.
 * @throws YumOpsError `invalid_range` (400)
 */
export function rangeOf(given: { from?: number | undefined; to?: number | undefined }, clock: Clock) {
  const to = given.to ?? clock.now();
  const from = given.from ?? to - DAY_MS;
  if (from < to) return { from, to };
  throw new YumOpsError('invalid_range', '"from" must lie before "to".', { status: 400 });
}
