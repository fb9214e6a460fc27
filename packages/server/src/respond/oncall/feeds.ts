import type { Db } from '../../lib/db.ts';
import type { Secrets } from './ports.ts';

/** A link to a calendar file. */
export interface Feed {
  id: string;
  schedule: string;
  createdBy: string;
  createdAt: number;
}

/** All links, newest first. */
export async function listFeeds(db: Db): Promise<Feed[]> {
  const rows = await db.query<{ id: string; schedule: string; created_by: string; created_at: Date }>(
    'SELECT id::text, schedule, created_by, created_at FROM oncall_feeds ORDER BY oncall_feeds.id DESC',
  );
  return rows.map(({ id, schedule, created_by, created_at }) => ({
    id,
    schedule,
    createdBy: created_by,
    createdAt: created_at.getTime(),
  }));
}

/** The name of the schedule that a link's secret opens; undefined when it opens none. */
export async function scheduleOfFeed(db: Db, secret: string, { hash }: Secrets): Promise<string | undefined> {
  const [row] = await db.query<{ schedule: string }>('SELECT schedule FROM oncall_feeds WHERE secret_hash = $1', [
    hash(secret),
  ]);
  return row?.schedule;
}
