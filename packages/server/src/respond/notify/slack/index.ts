import type { SlackIntegration } from '../config.ts';
import { httpPost, judgeAnswer } from '../http-post.ts';
import type { Notifier } from '../notifier.ts';
import { slackPayload } from './payload.ts';

/**
 * Slack through an incoming webhook. It can neither thread nor edit, so every message is a new one. A revoked webhook
 * (403, 404 `no_service`) or an archived channel (410) is final.
 */
export function slackNotifier(integration: SlackIntegration): Notifier {
  return {
    async send(message, signal) {
      const payload = slackPayload(message, integration.fixedChannel ? null : message.target);
      const answer = await httpPost(integration.webhook.reveal(), JSON.stringify(payload), {}, signal);
      return 'outcome' in answer ? answer : judgeAnswer(answer);
    },
  };
}
