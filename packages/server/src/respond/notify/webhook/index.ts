import type { Clock } from '../../../lib/clock.ts';
import type { MessageAlert } from '../body.ts';
import { alertUrl } from '../facts.ts';
import { judgeAnswer, postText } from '../http-exchange.ts';
import type { Notifier, Outgoing } from '../notifier.ts';
import { alertmanagerPayload } from './alertmanager.ts';
import type { WebhookIntegration } from './config.ts';
import { sign } from './signature.ts';

/** Signed JSON to any HTTP endpoint. */
export function webhookNotifier(receiver: WebhookIntegration, clock: Clock): Notifier {
  return {
    async send(message, signal) {
      const timeout = new AbortController();
      const timer = clock.after(receiver.timeoutMs, () =>
        timeout.abort(new Error(`no answer within ${receiver.timeoutMs / 1_000} s`)),
      );
      const payload = receiver.format === 'alertmanager' ? alertmanagerPayload(message) : webhookPayload(message);
      const body = JSON.stringify(payload);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'x-yumops-key': message.key,
        ...(receiver.secret ? { 'x-yumops-signature': sign(receiver.secret.reveal(), body, clock.now()) } : {}),
      };
      try {
        const both = AbortSignal.any([signal, timeout.signal]);
        const answer = await postText(receiver.url.reveal(), body, headers, both);
        return 'outcome' in answer ? answer : judgeAnswer(answer);
      } finally {
        timer.cancel();
      }
    },
  };
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
    ...(body.notice && { notice: body.notice }),
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
