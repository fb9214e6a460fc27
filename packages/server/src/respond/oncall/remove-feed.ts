import { YumOpsError } from '../../lib/errors.ts';
import type { Change, ChangeDeps } from './ports.ts';

/**
 * Ends a link.
 * @throws YumOpsError `unknown_feed` (404)
 */
export async function removeFeed(
  { db, audit }: Pick<ChangeDeps, 'db' | 'audit'>,
  id: string,
  { actor, now }: Change,
): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx.query<{ schedule: string }>('DELETE FROM oncall_feeds WHERE id = $1 RETURNING schedule', [
      id,
    ]);
    if (!row) throw new YumOpsError('unknown_feed', `There is no calendar link ${id}.`, { status: 404 });
    await audit(tx, { at: now, actor, action: 'oncall.feed_remove', target: id, detail: { schedule: row.schedule } });
  });
}
