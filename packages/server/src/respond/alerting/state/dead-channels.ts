import type { Queryable } from '../../../lib/db.ts';
import { DEAD_AFTER_MS, DEAD_WITHIN_MS, type DeadChannel } from '../deliver/dead-channels.ts';
import type { Message } from '../group/state.ts';

/** Channels by which nothing arrives at `now` (ms), from the outbox in Postgres. */
export async function readDeadChannels(db: Queryable, now: number): Promise<DeadChannel[]> {
  const rows = await db.query<{ channel: string; since: Date; last_error: string | null }>(
    `SELECT m.channel, min(m.created_at) AS since, (array_agg(m.last_error ORDER BY m.seq DESC))[1] AS last_error
     FROM alert_messages m
     WHERE m.attempts > 0 AND m.status IN ('failed', 'retrying', 'uncertain') AND m.created_at > $1
       AND NOT EXISTS (SELECT 1 FROM alert_messages ok WHERE ok.channel = m.channel AND ok.sent_at >= m.created_at)
     GROUP BY m.channel HAVING min(m.created_at) <= $2`,
    [new Date(now - DEAD_WITHIN_MS), new Date(now - DEAD_AFTER_MS)],
  );
  return rows.map(({ channel, since, last_error }) => ({ channel, since: since.getTime(), lastError: last_error }));
}

/** The same, from messages in memory. */
export function deadChannelsOf(messages: readonly Message[], now: number): DeadChannel[] {
  const found = new Map<string, DeadChannel>();
  for (const { channel, attempts, status, createdAt, lastError } of messages) {
    const failed = attempts > 0 && (status === 'failed' || status === 'retrying' || status === 'uncertain');
    if (!failed || createdAt <= now - DEAD_WITHIN_MS) continue;
    if (messages.some((ok) => ok.channel === channel && (ok.sentAt ?? 0) >= createdAt)) continue;
    found.set(channel, { channel, since: Math.min(found.get(channel)?.since ?? createdAt, createdAt), lastError });
  }
  return [...found.values()].filter(({ since }) => since <= now - DEAD_AFTER_MS);
}
