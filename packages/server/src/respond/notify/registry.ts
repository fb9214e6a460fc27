import type { Clock } from '../../lib/clock.ts';
import { byName } from './by-name.ts';
import type { Integrations } from './config.ts';
import { discordNotifier } from './discord/index.ts';
import { emailNotifier } from './email/index.ts';
import type { Notifier } from './notifier.ts';
import { ntfyNotifier } from './ntfy/index.ts';
import { opsgenieNotifier } from './opsgenie/index.ts';
import { pagerdutyNotifier } from './pagerduty/index.ts';
import { slackAppNotifier } from './slack/app.ts';
import type { SlackIntegration } from './slack/config.ts';
import { slackNotifier } from './slack/index.ts';
import { teamsNotifier } from './teams/index.ts';
import { telegramNotifier } from './telegram/index.ts';
import { callNotifier } from './twilio/call.ts';
import { smsNotifier } from './twilio/sms.ts';
import { webhookNotifier } from './webhook/index.ts';

/**
 * The ways out that are set up, by channel. What is broken (a placeholder, a missing variable) is left out, so that it
 * is never called.
 */
export function createNotifiers(integrations: Integrations, clock: Clock): Map<string, Notifier> {
  const { smtp, twilio } = integrations;
  const phone = twilio?.broken === null ? twilio : null;
  const ways: [channel: string, notifier: Notifier | undefined][] = [
    ['slack', slackOf(integrations.slack)],
    ['email', smtp?.broken === null ? emailNotifier(smtp) : undefined],
    ['sms', phone ? smsNotifier(phone) : undefined],
    ['phone_call', phone ? callNotifier(phone) : undefined],
    ['pagerduty', byName('PagerDuty', integrations.pagerduty, pagerdutyNotifier)],
    ['opsgenie', byName('Opsgenie', integrations.opsgenie, opsgenieNotifier)],
    ['teams', byName('Teams', integrations.teams, teamsNotifier)],
    ['discord', byName('Discord', integrations.discord, discordNotifier)],
    ['telegram', byName('Telegram', integrations.telegram, telegramNotifier)],
    ['ntfy', byName('ntfy', integrations.ntfy, ntfyNotifier)],
    ['webhook', byName('webhook', integrations.webhooks, (webhook) => webhookNotifier(webhook, clock))],
  ];
  return new Map(ways.flatMap(([channel, notifier]) => (notifier ? [[channel, notifier]] : [])));
}

function slackOf(slack: SlackIntegration | null): Notifier | undefined {
  if (slack?.broken !== null) return undefined;
  if (slack.app) return slackAppNotifier(slack.app);
  return slack.webhook ? slackNotifier({ ...slack, webhook: slack.webhook }) : undefined;
}
