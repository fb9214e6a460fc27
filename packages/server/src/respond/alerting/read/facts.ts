import type { Queryable } from '../../../lib/db.ts';

/** Something that happened to an alert, from its own records. */
export interface AlertFact {
  /** The same fact has the same key every time. */
  key: string;
  /** Ms since the epoch. */
  at: number;
  kind: 'alert' | 'notification' | 'acknowledgement';
  text: string;
  alertId: string;
}

const DECIDED: readonly string[] = ['acknowledged', 'escalated', 'closed', 'ack_expired'];
/** A message that waits in the queue is told of when it leaves. */
const UNTOLD: readonly string[] = ['queued'];
const VERBS: Readonly<Record<string, string>> = {
  delivered: 'Told',
  failed: 'Not told',
  undeliverable: 'Not told',
  throttled: 'Waits:',
  retrying: 'Tries again',
  uncertain: 'Perhaps told',
  cancelled: 'Not sent',
  fallback: 'Told instead',
  reported: 'Reported',
  unreached: 'Not reached',
};

/** What happened to these alerts, oldest first: one line where one message told of several. */
export async function factsOfAlerts(db: Queryable, alertIds: readonly string[]): Promise<AlertFact[]> {
  if (alertIds.length === 0) return [];
  const rows = await db.query<{ id: string; alert_id: string; at: Date; kind: string; reason: string; rule: string }>(
    `SELECT t.id::text AS id, t.alert_id, t.at, t.kind, t.reason, a.subject->>'rule' AS rule
     FROM alert_timeline t JOIN alerts a ON a.id = t.alert_id
     WHERE t.alert_id = ANY ($1::text[]) AND t.kind <> ALL ($2::text[]) ORDER BY t.id LIMIT 5000`,
    [[...alertIds], [...UNTOLD]],
  );
  return rows.map(({ id, alert_id: alertId, at, kind, reason, rule }) => {
    const verb = VERBS[kind];
    const time = at.getTime();
    if (verb !== undefined) {
      return {
        key: `told:${time}:${kind}:${reason}`,
        at: time,
        kind: 'notification',
        text: `${verb} ${reason}`,
        alertId,
      };
    }
    const decided = DECIDED.includes(kind);
    return {
      key: `alert:${id}`,
      at: time,
      kind: decided ? 'acknowledgement' : 'alert',
      text: reason.startsWith(`${rule}:`) ? reason : `${rule}: ${reason}`,
      alertId,
    };
  });
}
