import type { PostStatus } from '@yumops/protocol';
import { backoff } from '../../lib/backoff.ts';
import type { Db, Queryable } from '../../lib/db.ts';
import { random } from '../../lib/random.ts';
import type { DeliveryResult } from '../notify/index.ts';
import type { Subscriber } from './subscribers.ts';

/** A message that is taken to be sent. */
export interface StatusMessage {
  id: string;
  subscriber: Subscriber;
  attempts: number;
  createdAt: number;
  /** Null = it asks for confirmation. */
  update: { id: string; status: PostStatus; body: string; at: number; postId: string; title: string } | null;
}

/** Whoever sends it has so long, ms; then another may. */
const LEASE_MS = 60_000;
const RETRY = { base: 5_000, cap: 900_000, jitter: 0.2 };
const GIVE_UP_MS = 86_400_000;

/** Writes one message for every subscriber that confirmed, in the transaction of the update. */
export async function queueForAll(tx: Queryable, updateId: string, now: number): Promise<void> {
  await tx.query(
    `INSERT INTO status_messages (id, subscriber_id, update_id, status, attempts, created_at, next_attempt_at)
     SELECT md5(s.id || ':' || $1), s.id, $1, 'queued', 0, $2, $2 FROM status_subscribers s
     WHERE s.confirmed_at IS NOT NULL ON CONFLICT DO NOTHING`,
    [updateId, new Date(now)],
  );
}

/** Takes messages that are due; no two processes take the same. */
export async function claimMessages(db: Db, now: number, limit: number): Promise<StatusMessage[]> {
  const rows = await db.query<{
    id: string;
    attempts: number;
    created_at: Date;
    subscriber_id: string;
    channel: Subscriber['channel'];
    address: string;
    update_id: string | null;
    status: PostStatus;
    body: string;
    at: Date;
    post_id: string;
    title: string;
  }>(
    `WITH taken AS (
       UPDATE status_messages SET attempts = attempts + 1, next_attempt_at = $2
       WHERE id IN (SELECT id FROM status_messages WHERE status = 'queued' AND next_attempt_at <= $1
                    ORDER BY next_attempt_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING *)
     SELECT t.id, t.attempts, t.created_at, t.subscriber_id, s.channel, s.address, t.update_id, u.status, u.body, u.at,
       u.post_id, p.title
     FROM taken t JOIN status_subscribers s ON s.id = t.subscriber_id
       LEFT JOIN status_updates u ON u.id = t.update_id LEFT JOIN status_posts p ON p.id = u.post_id`,
    [new Date(now), new Date(now + LEASE_MS), limit],
  );
  return rows.map((row) => ({
    ...{ id: row.id, attempts: row.attempts, createdAt: row.created_at.getTime() },
    subscriber: { id: row.subscriber_id, channel: row.channel, address: row.address },
    update:
      row.update_id === null
        ? null
        : {
            ...{ id: row.update_id, status: row.status, body: row.body, at: row.at.getTime() },
            ...{ postId: row.post_id, title: row.title },
          },
  }));
}

/** Notes how an attempt ended. @param now ms since the epoch */
export async function settleMessage(
  db: Queryable,
  message: StatusMessage,
  result: DeliveryResult,
  now: number,
): Promise<void> {
  if (result.outcome === 'sent') {
    await db.query(`UPDATE status_messages SET status = 'sent', sent_at = $2, last_error = NULL WHERE id = $1`, [
      message.id,
      new Date(now),
    ]);
    return;
  }
  const over = result.outcome === 'refused' || now - message.createdAt >= GIVE_UP_MS;
  const asked = result.outcome === 'retry' ? (result.retryAfterMs ?? 0) : 0;
  const wait = Math.max(asked, backoff(message.attempts - 1, RETRY, random()));
  await db.query('UPDATE status_messages SET status = $2, next_attempt_at = $3, last_error = $4 WHERE id = $1', [
    message.id,
    over ? 'failed' : 'queued',
    new Date(now + wait),
    result.reason.slice(0, 500),
  ]);
}

/** When the next message is due, ms since the epoch; null = none waits. */
export async function nextMessageAt(db: Queryable): Promise<number | null> {
  const [row] = await db.query<{ at: Date | null }>(
    `SELECT min(next_attempt_at) AS at FROM status_messages WHERE status = 'queued'`,
  );
  return row?.at?.getTime() ?? null;
}
