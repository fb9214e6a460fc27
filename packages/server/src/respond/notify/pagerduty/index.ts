import { type Answer, judgeAnswer, objectIn, postJson } from '../http-exchange.ts';
import type { DeliveryResult, Notifier } from '../notifier.ts';
import { type Part, Sequence } from '../sequence.ts';
import type { PagerdutyIntegration } from './config.ts';
import { type PagerdutyEvent, pagerdutyEvents } from './event.ts';

/**
 * PagerDuty by its Events API v2. A message about several alerts is several events. A bad event (400) is final, 429 and
 * 5xx are tried again.
 */
export function pagerdutyNotifier(integration: PagerdutyIntegration): Notifier {
  const sequence = new Sequence();
  const part =
    (event: PagerdutyEvent): Part =>
    async (signal): Promise<DeliveryResult> => {
      const answer = await postJson(`${integration.base}/v2/enqueue`, event, {}, signal);
      return 'outcome' in answer ? answer : judgeAnswer(answer, saidIn(answer));
    };
  return {
    send: (message, signal) =>
      sequence.send(message.id, pagerdutyEvents(message, integration.routingKey.reveal()).map(part), signal),
  };
}

/** `{"status", "message", "errors": []}` as a sentence. */
function saidIn(answer: Answer): string {
  const { message, errors } = objectIn(answer);
  const details = Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : [];
  if (typeof message !== 'string') return answer.text;
  return details.length === 0 ? message : `${message}: ${details.join('; ')}`;
}
