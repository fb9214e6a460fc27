import type { MessageAlert, MessageBody } from '../../notify/index.ts';
import type { Episode } from '../episode.ts';
import type { MessageKind } from '../group/state.ts';

export interface Composition {
  kind: MessageKind;
  /** The alerts the message tells of; at least one. */
  alerts: readonly Episode[];
  /** Others that fire in the same group. */
  others: readonly Episode[];
  reason: string;
  step: number;
  title?: string;
  /** First word of the title; default by kind. */
  verb?: string;
  /** Ids in Slack of the people whose turn it is. */
  mentions?: readonly string[];
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;
const VERB: Record<MessageKind, string> = {
  firing: 'Firing',
  update: 'Still firing',
  repeat: 'Still firing',
  resolved: 'Resolved',
  acknowledged: 'Acknowledged',
  meta: 'YumOps',
};

/** Makes the content of a message. */
export function composeBody(from: Composition): MessageBody {
  const alerts = [...from.alerts, ...from.others].map(toMessageAlert);
  const severities = from.alerts.map((alert) => alert.severity).sort((a, b) => RANK[a] - RANK[b]);
  return {
    kind: from.kind,
    severity: severities[0] ?? 'info',
    rule: from.alerts[0]?.rule ?? '',
    title: `${from.verb ?? VERB[from.kind]}: ${from.title ?? titleOf(from.alerts)}`,
    reason: from.reason,
    step: from.step,
    ...(from.mentions && from.mentions.length > 0 ? { mentions: from.mentions } : {}),
    alerts,
  };
}

function titleOf(alerts: readonly Episode[]): string {
  const first = alerts[0];
  if (!first) return '';
  if (alerts.length === 1) return first.summary;
  return `${first.rule}, ${alerts.length} alerts`;
}

function toMessageAlert(alert: Episode): MessageAlert {
  return {
    id: alert.id,
    name: alert.rule,
    status: alert.state,
    severity: alert.severity,
    labels: alert.labels,
    annotations: alert.annotations,
    summary: alert.summary,
    sentence: alert.sentence,
    value: alert.value,
    threshold: alert.threshold,
    unit: alert.unit,
    sample: alert.sample,
    windowMs: alert.windowMs,
    startedAt: alert.startedAt,
    endedAt: alert.resolvedAt,
    runbook: alert.runbook,
  };
}
