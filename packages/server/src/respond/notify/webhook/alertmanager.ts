import type { MessageAlert } from '../body.ts';
import { alertUrl } from '../facts.ts';
import type { Outgoing } from '../notifier.ts';

/** What stands for the end of an alert that goes on. */
const NO_END = '0001-01-01T00:00:00Z';

type Labels = Readonly<Record<string, string>>;

interface AlertmanagerAlert {
  status: 'firing' | 'resolved';
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
  fingerprint: string;
}

/** The JSON of Alertmanager's webhooks, version 4, so that whatever takes those takes ours. */
export function alertmanagerPayload(message: Outgoing) {
  const { target, body, publicUrl } = message;
  const told = body.alerts.map((alert) => alertmanagerAlert(alert, publicUrl));
  const alerts = told.length > 0 ? told : [plainAlert(message)];
  const groupLabels = body.groupLabels ?? { alertname: body.rule };
  return {
    version: '4',
    groupKey: `{}:{${groupKey(groupLabels)}}`,
    truncatedAlerts: 0,
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver: target,
    groupLabels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: publicUrl,
    alerts,
  };
}

function alertmanagerAlert(alert: MessageAlert, publicUrl: string): AlertmanagerAlert {
  return {
    status: alert.status,
    labels: { severity: alert.severity, ...alert.labels },
    annotations: {
      summary: alert.summary,
      description: alert.sentence,
      ...(alert.runbook === null ? {} : { runbook_url: alert.runbook }),
      ...alert.annotations,
    },
    startsAt: new Date(alert.startedAt).toISOString(),
    endsAt: alert.endedAt === null ? NO_END : new Date(alert.endedAt).toISOString(),
    generatorURL: alertUrl(publicUrl, alert),
    fingerprint: alert.id.replace(/-[^-]*$/, ''),
  };
}

/** A message that is about no alert: of the platform itself, or sent by hand. */
function plainAlert({ id, body, publicUrl, createdAt }: Outgoing): AlertmanagerAlert {
  return {
    status: 'firing',
    labels: { alertname: body.rule === '' ? 'YumOps' : body.rule, severity: body.severity },
    annotations: { summary: body.title, description: body.reason },
    startsAt: new Date(createdAt).toISOString(),
    endsAt: NO_END,
    generatorURL: publicUrl,
    fingerprint: id.slice(0, 16),
  };
}

function groupKey(labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
}

/** What all of them have. */
function common(sets: readonly Labels[]): Labels {
  const [first = {}, ...others] = sets;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  );
}
