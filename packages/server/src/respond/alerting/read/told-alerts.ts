import type { Queryable } from '../../../lib/db.ts';

/** An alert that somebody was told of. */
export interface ToldAlert {
  id: string;
  rule: string;
  /** One line with the value. */
  summary: string;
}

const FIRING = `SELECT DISTINCT a.id, a.subject->>'rule' AS rule, a.subject->>'summary' AS summary
  FROM alerts a
  JOIN alert_message_alerts l ON l.alert_id = a.id
  JOIN alert_messages m ON m.id = l.message_id
  WHERE a.state = 'firing'`;

/** The alerts of a message that still fire. @param to only when the message went to this number or address */
export function alertsOfMessage(db: Queryable, messageId: string, to?: string): Promise<ToldAlert[]> {
  return db.query<ToldAlert>(
    `${FIRING} AND (m.id = $1 OR m.bundle = $1) AND ($2::text IS NULL OR m.target = $2) ORDER BY a.id`,
    [messageId, to ?? null],
  );
}

/** The firing alerts that a number was told of by SMS or call. */
export function alertsToldTo(db: Queryable, phone: string): Promise<ToldAlert[]> {
  return db.query<ToldAlert>(
    `${FIRING} AND m.target = $1 AND m.channel IN ('sms', 'phone_call') AND m.status <> 'failed' ORDER BY a.id`,
    [phone],
  );
}
