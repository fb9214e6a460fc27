import type { Severity } from '@yumops/protocol';
import type { Queryable } from '../../../lib/db.ts';

/** What alerts did in a stretch of time. */
export interface AlertStatistics {
  rules: RuleStatistics[];
  /** Messages that were sent, and those that nobody got. */
  sent: number;
  undelivered: number;
  /** Alerts that fire and that nobody took, worst first. */
  unacknowledged: { id: string; rule: string; severity: Severity; firedAt: number }[];
}

/** Alerts of one rule that began to fire in the time. */
export interface RuleStatistics {
  rule: string;
  severity: Severity;
  alerts: number;
  firing: number;
  acknowledged: number;
  /** From firing to acknowledgement, ms, of those that were acknowledged. */
  acknowledgeMs: number[];
  /** From firing to the end, ms, of those that ended. */
  lastedMs: number[];
}

interface AlertRow {
  id: string;
  rule: string;
  severity: Severity;
  state: 'firing' | 'resolved';
  fired: number;
  resolved: number | null;
  acknowledged: number | null;
}

const MOST = 50_000;
const epoch = (column: string) => `extract(epoch FROM ${column})::float8 * 1000`;
const COLUMNS = `id, subject->>'rule' AS rule, subject->>'severity' AS severity, state, ${epoch('fired_at')} AS fired,
  ${epoch('resolved_at')} AS resolved, ${epoch('ack_at')} AS acknowledged`;

/** What alerts did in `[from, to)`, ms since the epoch; alerts about the platform itself are among them. */
export async function alertStatistics(db: Queryable, from: number, to: number): Promise<AlertStatistics> {
  const span = [new Date(from), new Date(to)];
  const [alerts, open, messages] = await Promise.all([
    db.query<AlertRow>(`SELECT ${COLUMNS} FROM alerts WHERE fired_at >= $1 AND fired_at < $2 LIMIT ${MOST}`, span),
    db.query<AlertRow>(
      `SELECT ${COLUMNS} FROM alerts WHERE state = 'firing' AND ack_at IS NULL AND fired_at < $1
       ORDER BY subject->>'severity' = 'critical' DESC, fired_at LIMIT 20`,
      [new Date(to)],
    ),
    db.query<{ sent: number; undelivered: number }>(
      `SELECT count(*) FILTER (WHERE status = 'sent')::int AS sent,
         count(*) FILTER (WHERE status = 'failed')::int AS undelivered
       FROM alert_messages WHERE created_at >= $1 AND created_at < $2`,
      span,
    ),
  ]);
  return {
    rules: byRule(alerts),
    sent: messages[0]?.sent ?? 0,
    undelivered: messages[0]?.undelivered ?? 0,
    unacknowledged: open.map(({ id, rule, severity, fired }) => ({ id, rule, severity, firedAt: fired })),
  };
}

function byRule(alerts: readonly AlertRow[]): RuleStatistics[] {
  const rules = new Map<string, RuleStatistics>();
  for (const { rule, severity, state, fired, resolved, acknowledged } of alerts) {
    const none = { rule, severity, alerts: 0, firing: 0, acknowledged: 0, acknowledgeMs: [], lastedMs: [] };
    const known: RuleStatistics = rules.get(rule) ?? none;
    known.alerts += 1;
    if (state === 'firing') known.firing += 1;
    if (acknowledged !== null) {
      known.acknowledged += 1;
      known.acknowledgeMs.push(acknowledged - fired);
    }
    if (resolved !== null) known.lastedMs.push(resolved - fired);
    rules.set(rule, known);
  }
  return [...rules.values()].sort((a, b) => b.alerts - a.alerts || (a.rule < b.rule ? -1 : 1));
}
