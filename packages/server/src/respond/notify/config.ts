import { z } from 'zod';
import { type ChatWebhook, chatWebhooksShape, compileChatWebhook } from './chat-webhook.ts';
import { compileSmtp, type SmtpIntegration, smtpShape } from './email/config.ts';
import { compileNtfy, type NtfyIntegration, ntfyShape } from './ntfy/config.ts';
import { compileOpsgenie, type OpsgenieIntegration, opsgenieShape } from './opsgenie/config.ts';
import { compilePagerduty, type PagerdutyIntegration, pagerdutyShape } from './pagerduty/config.ts';
import { below, compileNamed, type Section } from './section.ts';
import { compileSlack, type SlackIntegration, slackShape } from './slack/config.ts';
import { compileTelegram, type TelegramIntegration, telegramShape } from './telegram/config.ts';
import { compileTwilio, type TwilioIntegration, twilioShape } from './twilio/config.ts';
import { compileWebhook, type WebhookIntegration, webhookShape } from './webhook/config.ts';

/** How messages leave: what is null or empty is not set up. */
export interface Integrations {
  slack: SlackIntegration | null;
  smtp: SmtpIntegration | null;
  /** SMS and calls. */
  twilio: TwilioIntegration | null;
  webhooks: readonly WebhookIntegration[];
  pagerduty: readonly PagerdutyIntegration[];
  opsgenie: readonly OpsgenieIntegration[];
  teams: readonly ChatWebhook[];
  discord: readonly ChatWebhook[];
  telegram: readonly TelegramIntegration[];
  ntfy: readonly NtfyIntegration[];
}

/** Nothing is set up. */
export const NO_INTEGRATIONS: Integrations = {
  slack: null,
  smtp: null,
  twilio: null,
  webhooks: [],
  pagerduty: [],
  opsgenie: [],
  teams: [],
  discord: [],
  telegram: [],
  ntfy: [],
};

/** `integrations:` as written. */
export const integrationsShape = z.strictObject({
  slack: slackShape.optional().describe('Slack, or anything that takes its messages'),
  smtp: smtpShape.optional().describe('The mail server'),
  twilio: twilioShape.optional().describe('Account for SMS and calls; an empty map means that there is none'),
  webhook: z.array(webhookShape).optional().describe('Receivers of signed JSON'),
  pagerduty: pagerdutyShape.optional().describe('Routing keys of PagerDuty by name'),
  opsgenie: opsgenieShape.optional().describe('Keys of Opsgenie by name'),
  teams: chatWebhooksShape.optional().describe('Workflow webhooks of Microsoft Teams by name'),
  discord: chatWebhooksShape.optional().describe('Webhooks of Discord by name'),
  telegram: telegramShape.optional().describe('Chats of Telegram by name'),
  ntfy: ntfyShape.optional().describe('Topics of ntfy by name'),
});

export type RawIntegrations = z.infer<typeof integrationsShape>;

/** Compiles `integrations:`; paths count from that key. */
export function compileIntegrations(raw: RawIntegrations, section: Section): Integrations {
  return {
    slack: raw.slack ? compileSlack(raw.slack, below(section, 'slack')) : null,
    smtp: raw.smtp ? compileSmtp(raw.smtp, below(section, 'smtp')) : null,
    twilio: raw.twilio ? compileTwilio(raw.twilio, below(section, 'twilio')) : null,
    webhooks: (raw.webhook ?? []).map((item, index) => compileWebhook(item, below(section, 'webhook', index))),
    pagerduty: compileNamed(raw.pagerduty, below(section, 'pagerduty'), compilePagerduty),
    opsgenie: compileNamed(raw.opsgenie, below(section, 'opsgenie'), compileOpsgenie),
    teams: compileNamed(raw.teams, below(section, 'teams'), compileChatWebhook),
    discord: compileNamed(raw.discord, below(section, 'discord'), compileChatWebhook),
    telegram: compileNamed(raw.telegram, below(section, 'telegram'), compileTelegram),
    ntfy: compileNamed(raw.ntfy, below(section, 'ntfy'), compileNtfy),
  };
}
