import type { Clock } from '../../../lib/clock.ts';
import type { MessageAlert } from '../body.ts';
import type { WebhookIntegration } from '../config.ts';
import { alertUrl } from '../facts.ts';
import { httpPost, judgeAnswer } from '../http-post.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import { sign } from './signature.ts';

/** Signed JSON to any HTTP endpoint; the target of a message is the receiver's name. */
export function webhookNotifier(integrations: readonly WebhookIntegration[], clock: Clock): Notifier {
  const byName = new Map(integrations.map((integration) => [integration.name, integration]));
  return {
    async send(message, signal) {
      const receiver = byName.get(message.target);
      if (!receiver) return { outcome: 'refused', reason: `there is no webhook named ${message.target}` };
      return post(receiver, message, signal, clock);
    },
  };
}

async function post(
  receiver: WebhookIntegration,
  message: Outgoing,
  signal: AbortSignal,
  clock: Clock,
): Promise<DeliveryResult> {
  const timeout = new AbortController();
  const timer = clock.after(receiver.timeoutMs, () =>
    timeout.abort(new Error(`no answer within ${receiver.timeoutMs / 1_000} s`)),
  );
  const body = JSON.stringify(webhookPayload(message));
  const headers = {
    'x-yumops-key': message.key,
    ...(receiver.secret ? { 'x-yumops-signature': sign(receiver.secret.reveal(), body, clock.now()) } : {}),
  };
  try {
    const answer = await httpPost(receiver.url.reveal(), body, headers, AbortSignal.any([signal, timeout.signal]));
    return 'outcome' in answer ? answer : judgeAnswer(answer);
  } finally {
    timer.cancel();
  }
}

/** The JSON that a webhook gets. Times are ISO 8601 in UTC. */
function webhookPayload({ key, body, publicUrl, attempt }: Outgoing) {
  return {
    version: 1,
    key,
    kind: body.kind,
    step: body.step,
    attempt,
    severity: body.severity,
    rule: body.rule,
    title: body.title,
    reason: body.reason,
    alerts: body.alerts.map((alert) => webhookAlert(alert, publicUrl)),
  };
}

function webhookAlert(alert: MessageAlert, publicUrl: string) {
  return {
    id: alert.id,
    name: alert.name,
    status: alert.status,
    severity: alert.severity,
    labels: alert.labels,
    annotations: alert.annotations,
    summary: alert.summary,
    sentence: alert.sentence,
    value: alert.value,
    threshold: alert.threshold,
    unit: alert.unit,
    sample: alert.sample,
    startsAt: new Date(alert.startedAt).toISOString(),
    endsAt: alert.endedAt === null ? null : new Date(alert.endedAt).toISOString(),
    runbook: alert.runbook,
    url: alertUrl(publicUrl, alert),
  };
}
