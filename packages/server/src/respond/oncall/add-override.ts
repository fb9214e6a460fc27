import { knownSchedule, requireChangeable, requirePerson } from './known.ts';
import { insertOverride, type StoredOverride } from './overrides.ts';
import type { Change, ChangeDeps } from './ports.ts';
import type { Shift } from './schedule.ts';

/**
 * Puts somebody on call for a time, over whatever the schedule says.
 * @throws YumOpsError `unknown_schedule`, `unknown_person`, `invalid_time`
 */
export async function addOverride(
  { db, audit, config }: ChangeDeps,
  input: Shift & { schedule: string },
  { actor, now }: Change,
): Promise<StoredOverride> {
  const { name: schedule } = knownSchedule(config, input.schedule);
  requirePerson(config, input.person);
  requireChangeable(input, now);
  return db.transaction(async (tx) => {
    const override = await insertOverride(tx, { ...input, schedule, swap: null }, { actor, now });
    const { id, person, start, end } = override;
    const detail = { schedule, person, from: new Date(start).toISOString(), to: new Date(end).toISOString() };
    await audit(tx, { at: now, actor, action: 'oncall.override', target: id, detail });
    return override;
  });
}
