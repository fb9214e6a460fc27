import type { MessageAlert, MessageBody } from '../../notify/index.ts';

const RANK = { critical: 0, warning: 1, info: 2 } as const;
const NAMED = 3;

/** One body for several messages to one receiver: all their alerts, those that fire first. */
export function bundleBodies(bodies: readonly MessageBody[]): MessageBody {
  const [first, ...rest] = bodies;
  if (!first) throw new RangeError('a bundle has at least one message');
  if (rest.length === 0) return first;
  const alerts = [...new Map(bodies.flatMap((body) => body.alerts).map((alert) => [alert.id, alert])).values()];
  const firing = alerts.filter(({ status }) => status === 'firing');
  const ended = alerts.filter(({ status }) => status === 'resolved');
  const lead = bodies.find(({ kind }) => kind !== 'resolved') ?? first;
  const severities = alerts.map(({ severity }) => severity).sort((a, b) => RANK[a] - RANK[b]);
  return {
    ...lead,
    severity: severities[0] ?? lead.severity,
    title: titleOf(firing, ended),
    reason: `${bodies.length} messages in one: ${lead.reason}`,
    step: Math.max(...bodies.map(({ step }) => step)),
    alerts: [...firing, ...ended],
  };
}

function titleOf(firing: readonly MessageAlert[], ended: readonly MessageAlert[]): string {
  const parts = [
    ...(firing.length > 0 ? [`${count(firing)} firing (${namesOf(firing)})`] : []),
    ...(ended.length > 0 ? [`${count(ended)} resolved (${namesOf(ended)})`] : []),
  ];
  return parts.join(', ');
}

function count(alerts: readonly MessageAlert[]): string {
  return alerts.length === 1 ? '1 alert' : `${alerts.length} alerts`;
}

function namesOf(alerts: readonly MessageAlert[]): string {
  const names = [...new Set(alerts.map(({ name }) => name))];
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
