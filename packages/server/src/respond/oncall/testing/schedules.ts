import { parseWallTime } from '../../../lib/zoned-time.ts';
import type { Layer, Schedule } from '../schedule.ts';

/** A layer with turns of a week, that begins on Sunday 22 March 2026 at 01:30. */
export function layer(parts: Partial<Omit<Layer, 'start'>> & { start?: string } = {}): Layer {
  const { start = '2026-03-22T01:30', ...rest } = parts;
  return {
    people: ['ada', 'grace'],
    every: { unit: 'days', length: 7 },
    restrict: [],
    ...rest,
    start: parseWallTime(start) ?? Number.NaN,
  };
}

/** A schedule of London with one such layer. */
export function schedule(parts: Partial<Schedule> = {}): Schedule {
  return { id: 'primary', name: 'primary', timeZone: 'Europe/London', layers: [layer()], overrides: [], ...parts };
}
