import type { Secret } from '../../../lib/secret.ts';
import { judgeAnswer, postJson } from '../http-exchange.ts';
import type { Notifier } from '../notifier.ts';
import type { SlackIntegration } from './config.ts';
import { slackPayload } from './payload.ts';

/**
 * Slack through an incoming webhook. It can neither thread nor edit, so every message is a new one. A revoked webhook
 * (403, 404 `no_service`) or an archived channel (410) is final.
 */
export function slackNotifier(integration: SlackIntegration & { webhook: Secret }): Notifier {
  return {
    async send(message, signal) {
      const payload = slackPayload(message, integration.fixedChannel ? null : message.target);
      const answer = await postJson(integration.webhook.reveal(), payload, {}, signal);
      return 'outcome' in answer ? answer : judgeAnswer(answer);
    },
  };
}
