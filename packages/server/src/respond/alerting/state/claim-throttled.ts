import type { Db, Queryable } from '../../../lib/db.ts';
import {
  type Departure,
  departureOf,
  type Limits,
  pickThrottled,
  THROTTLE_MEMORY_MS,
  THROTTLED,
  throttledNotes,
} from '../deliver/throttle.ts';
import { type Claimed, type Message, NOTICE } from '../group/state.ts';
import { claimedFromRow, messageFromRow, type Row, timelineToRow } from './rows.ts';
import { writeRows } from './write-rows.ts';

/** The most messages that one claim looks at. */
const CONSIDERED = 500;

/** Columns that a claim returns, of `alert_messages m`; `OFFSET 0` keeps a plan from looking at all that a target ever got. */
export const CLAIMED_COLUMNS = `m.*,
  (SELECT jsonb_agg(jsonb_build_object('id', l.alert_id, 'key', l.key) ORDER BY l.position)
   FROM alert_message_alerts l WHERE l.message_id = m.id) AS alerts,
  CASE WHEN m.group_key LIKE '${NOTICE}%' THEN
    (SELECT first.receipt FROM alert_messages first
     WHERE first.channel = m.channel AND first.target = m.target AND first.receipt IS NOT NULL AND first.seq < m.seq
       AND first.group_key = m.group_key
     ORDER BY first.seq LIMIT 1)
  ELSE
    (SELECT first.receipt FROM alert_message_alerts own
       CROSS JOIN LATERAL (
         SELECT message_id FROM alert_message_alerts WHERE alert_id = own.alert_id OFFSET 0) other
       CROSS JOIN LATERAL (SELECT * FROM alert_messages WHERE id = other.message_id OFFSET 0) first
     WHERE own.message_id = m.id AND first.channel = m.channel AND first.target = m.target
       AND first.receipt IS NOT NULL AND first.seq < m.seq AND first.group_key = m.group_key
     ORDER BY first.seq LIMIT 1)
  END AS thread`;

const DUE = `m.channel = ANY ($1::text[]) AND m.status IN ('queued', 'retrying', 'uncertain') AND m.next_attempt_at <= $2
  AND NOT EXISTS (SELECT 1 FROM alert_messages older
    WHERE older.group_key = m.group_key AND older.channel = m.channel AND older.target = m.target AND older.seq < m.seq
      AND (older.status = 'sending' OR (older.status IN ('queued', 'retrying', 'uncertain') AND older.next_attempt_at > $2))
    OFFSET 0)`;

/**
 * Takes messages of throttled channels. What is over a limit is put off, with a note. One instance at a time does this,
 * so that two cannot send to one contact at once.
 */
export async function claimThrottled(
  db: Db,
  claim: { worker: string; now: number; until: number; limit: number; limits: Limits },
): Promise<Claimed[]> {
  const [waiting] = await db.query(
    `SELECT 1 FROM unnest($1::text[]) AS throttled(channel) CROSS JOIN LATERAL (
       SELECT 1 FROM alert_messages m
       WHERE m.channel = throttled.channel AND m.status IN ('queued', 'retrying', 'uncertain') AND m.next_attempt_at <= $2
       LIMIT 1) m`,
    [THROTTLED, new Date(claim.now)],
  );
  if (!waiting) return [];
  return db.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('alert_messages:throttled'))`);
    const { now } = claim;
    const rows = await tx.query(
      `SELECT ${CLAIMED_COLUMNS} FROM alert_messages m WHERE ${DUE} ORDER BY m.seq LIMIT ${CONSIDERED}
       FOR UPDATE OF m SKIP LOCKED`,
      [THROTTLED, new Date(now)],
    );
    const due = rows.map(claimedFromRow);
    const { leaving, waiting: put } = pickThrottled(due, await departures(tx, now), now, claim.limits);
    for (const { message, until } of put) {
      await tx.query('UPDATE alert_messages SET next_attempt_at = $2 WHERE id = $1', [message.id, new Date(until)]);
    }
    await writeRows(tx, 'alert_timeline', put.flatMap((one) => throttledNotes(one, now)).map(timelineToRow), null);
    return take(tx, leaving.slice(0, claim.limit), due, claim);
  });
}

async function departures(tx: Queryable, now: number): Promise<Departure[]> {
  const rows = await tx.query<Row>(
    `SELECT m.*, '[]'::jsonb AS alerts FROM alert_messages m
     WHERE m.channel = ANY ($1::text[]) AND (m.sent_at > $2 OR m.status = 'sending')`,
    [THROTTLED, new Date(now - THROTTLE_MEMORY_MS)],
  );
  return rows.map(messageFromRow).map(departureOf);
}

async function take(
  tx: Queryable,
  leaving: readonly Message[][],
  due: readonly Claimed[],
  { worker, now, until }: { worker: string; now: number; until: number },
): Promise<Claimed[]> {
  const threads = new Map(due.map(({ id, thread }) => [id, thread]));
  const taken: Claimed[] = [];
  for (const messages of leaving) {
    const bundle = messages.length > 1 ? (messages[0]?.bundle ?? messages[0]?.id ?? null) : null;
    for (const message of messages) {
      const claimed = claimedAs(message, bundle, now);
      await tx.query(
        `UPDATE alert_messages SET status = 'sending', attempts = $2, attempted_at = $3, bundle = $4, claimed_by = $5,
           claimed_until = $6 WHERE id = $1`,
        [message.id, claimed.attempts, new Date(now), claimed.bundle, worker, new Date(until)],
      );
      taken.push({ ...claimed, thread: threads.get(message.id) ?? null });
    }
  }
  return taken;
}

/** The message as it leaves. @param bundle the id under which several leave; null = as it was */
export function claimedAs(message: Message, bundle: string | null, now: number): Message {
  return {
    ...message,
    status: 'sending',
    attempts: message.attempts + 1,
    attemptedAt: now,
    bundle: bundle ?? message.bundle,
  };
}
