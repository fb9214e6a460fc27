import { YumOpsError } from '../../lib/errors.ts';
import { deleteOverride, type StoredOverride } from './overrides.ts';
import type { Change, ChangeDeps } from './ports.ts';

/**
 * Takes an override back; of a swap both halves.
 * @returns what was removed
 * @throws YumOpsError `unknown_override` (404)
 */
export async function removeOverride(
  { db, audit }: Pick<ChangeDeps, 'db' | 'audit'>,
  id: string,
  { actor, now }: Change,
): Promise<StoredOverride[]> {
  return db.transaction(async (tx) => {
    const removed = await deleteOverride(tx, id);
    if (removed.length === 0) {
      throw new YumOpsError('unknown_override', `There is no override ${id}.`, {
        status: 404,
        hint: 'Those written in the configuration are removed there.',
      });
    }
    for (const { id: target, schedule, person } of removed) {
      await audit(tx, { at: now, actor, action: 'oncall.override_remove', target, detail: { schedule, person } });
    }
    return removed;
  });
}
