import { YumOpsError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { DAY_MS } from '../../lib/zoned-time.ts';
import type { OnCallConfig } from './ports.ts';
import type { Schedule } from './schedule.ts';
import type { Span } from './timeline.ts';

/** Nobody stands in for longer than this; a longer absence is a change of the schedule. */
const LONGEST_MS = 366 * DAY_MS;

/**
 * The schedule with a name or id.
 * @throws YumOpsError `unknown_schedule` (404)
 */
export function knownSchedule({ schedules }: OnCallConfig, name: string): Schedule {
  const found = schedules.find((schedule) => schedule.name === name) ?? schedules.find(({ id }) => id === name);
  if (found) return found;
  const names = schedules.map((schedule) => schedule.name);
  const hint = didYouMean(name, names) ?? (names.length > 0 ? `There are: ${names.join(', ')}.` : undefined);
  throw new YumOpsError('unknown_schedule', `There is no schedule "${name}".`, {
    status: 404,
    hint: hint ?? 'Add it under schedules: in the configuration.',
  });
}

/** Everybody who is under `people:` or takes turns in a schedule. */
export function namesOf({ people, schedules }: OnCallConfig): string[] {
  const turns = schedules.flatMap(({ layers }) => layers.flatMap((layer) => layer.people));
  return [...new Set([...people.map((person) => person.name), ...turns])];
}

/**
 * Checks that somebody of this name is under `people:` or takes turns in a schedule.
 * @throws YumOpsError `unknown_person` (400)
 */
export function requirePerson(config: OnCallConfig, name: string): void {
  const names = namesOf(config);
  if (names.includes(name)) return;
  throw new YumOpsError('unknown_person', `There is no person "${name}".`, {
    status: 400,
    hint: didYouMean(name, names) ?? 'Add the person under people: in the configuration.',
  });
}

/**
 * Checks that a time can still be changed: it ends after it begins, has not passed, and is at most a year long.
 * @throws YumOpsError `invalid_time` (400)
 */
export function requireChangeable({ start, end }: Span, now: number): void {
  const problem =
    end <= start
      ? 'The time ends before it begins.'
      : end <= now
        ? 'The time has passed.'
        : end - start > LONGEST_MS
          ? 'The time is longer than a year.'
          : null;
  if (problem !== null)
    throw new YumOpsError('invalid_time', problem, { status: 400, hint: 'Give another from and to.' });
}
