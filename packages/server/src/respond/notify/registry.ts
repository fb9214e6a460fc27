import type { Clock } from '../../lib/clock.ts';
import type { Integrations } from './config.ts';
import { emailNotifier } from './email/index.ts';
import type { Notifier } from './notifier.ts';
import { slackNotifier } from './slack/index.ts';
import { webhookNotifier } from './webhook/index.ts';

/**
 * The ways out that are set up, by channel. What is broken (a placeholder, a missing variable) is left out, so that it
 * is never called.
 */
export function createNotifiers(integrations: Integrations, clock: Clock): Map<string, Notifier> {
  const notifiers = new Map<string, Notifier>();
  const { slack, smtp } = integrations;
  const webhooks = integrations.webhooks.filter((webhook) => webhook.broken === null);
  if (slack?.broken === null) notifiers.set('slack', slackNotifier(slack));
  if (smtp?.broken === null) notifiers.set('email', emailNotifier(smtp));
  if (webhooks.length > 0) notifiers.set('webhook', webhookNotifier(webhooks, clock));
  return notifiers;
}
