import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import { knownSchedule, requireChangeable } from './known.ts';
import { insertOverride, readOverrides, type StoredOverride } from './overrides.ts';
import type { Change, ChangeDeps } from './ports.ts';
import { withOverrides } from './resolve.ts';
import type { Schedule } from './schedule.ts';
import { shifts } from './shifts.ts';
import type { Span } from './timeline.ts';

/** Two times of one schedule whose people change places. */
export interface Swap {
  schedule: string;
  first: Span;
  second: Span;
}

/**
 * Lets the people of two times change places: two overrides, made together.
 * @throws YumOpsError `unknown_schedule`, `invalid_time`, `not_one_person` (409) when a time has nobody or several
 * people, `same_person` (409)
 */
export async function swapShifts(
  { db, audit, config }: ChangeDeps,
  input: Swap,
  { actor, now }: Change,
): Promise<StoredOverride[]> {
  const schedule = knownSchedule(config, input.schedule);
  const { first, second } = input;
  for (const span of [first, second]) requireChangeable(span, now);
  if (first.start < second.end && second.start < first.end) {
    throw new YumOpsError('invalid_time', 'The two times overlap.', { status: 400, hint: 'Give two separate times.' });
  }
  return db.transaction(async (tx) => {
    // Nobody else may change who is on call between the look and the two rows.
    await tx.query('LOCK TABLE oncall_overrides IN SHARE ROW EXCLUSIVE MODE');
    const [one, other] = [await personOf(tx, schedule, first), await personOf(tx, schedule, second)];
    if (one === other) {
      throw new YumOpsError('same_person', `${one} is on call at both times.`, { status: 409 });
    }
    const pair = { schedule: schedule.name, swap: randomHex(8) };
    const rows = [
      await insertOverride(tx, { ...pair, ...first, person: other }, { actor, now }),
      await insertOverride(tx, { ...pair, ...second, person: one }, { actor, now }),
    ];
    const detail = { schedule: schedule.name, people: [one, other], overrides: rows.map(({ id }) => id) };
    await audit(tx, { at: now, actor, action: 'oncall.swap', target: pair.swap, detail });
    return rows;
  });
}

/** The one person who is on call for the whole of a time. */
async function personOf(tx: Queryable, schedule: Schedule, { start, end }: Span): Promise<string> {
  const overrides = await readOverrides(tx, start, end);
  const [shift, ...others] = shifts(withOverrides(schedule, overrides), start, end);
  if (shift && others.length === 0 && shift.start === start && shift.end === end) return shift.person;
  const from = new Date(start).toISOString();
  throw new YumOpsError('not_one_person', `No one person is on call from ${from} to ${new Date(end).toISOString()}.`, {
    status: 409,
    hint: 'Give the time of one shift, or a part of it.',
  });
}
