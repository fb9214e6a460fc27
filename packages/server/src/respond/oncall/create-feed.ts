import type { Feed } from './feeds.ts';
import { knownSchedule } from './known.ts';
import type { Change, ChangeDeps, Secrets } from './ports.ts';

/**
 * Makes a link to the calendar of a schedule. The secret is given once and stored as a hash.
 * @throws YumOpsError `unknown_schedule`
 */
export async function createFeed(
  { db, audit, config, secrets }: ChangeDeps & { secrets: Secrets },
  scheduleName: string,
  { actor, now }: Change,
): Promise<Feed & { scheduleId: string; secret: string }> {
  const { name: schedule, id: scheduleId } = knownSchedule(config, scheduleName);
  const secret = secrets.create();
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string }>(
      'INSERT INTO oncall_feeds (schedule, secret_hash, created_by, created_at) VALUES ($1, $2, $3, $4) RETURNING id::text',
      [schedule, secrets.hash(secret), actor, new Date(now)],
    );
    const { id } = row as { id: string };
    await audit(tx, { at: now, actor, action: 'oncall.feed_create', target: id, detail: { schedule } });
    return { id, schedule, createdBy: actor, createdAt: now, scheduleId, secret };
  });
}
