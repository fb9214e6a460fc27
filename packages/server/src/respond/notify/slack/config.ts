import { z } from 'zod';
import type { ConfigPath } from '../../../lib/finding.ts';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, readBase, readUrl, type Section } from '../section.ts';

/** Slack through an app of its own: any channel, threads and buttons. */
export interface SlackApp {
  botToken: Secret;
  /** Verifies what Slack sends to us; null = buttons are left out. */
  signingSecret: Secret | null;
  /** Base of the Web API. */
  base: string;
}

/** How messages reach Slack, or anything Slack-shaped. */
export interface SlackIntegration {
  /** Wins over the webhook where both are set up. */
  app?: SlackApp | null;
  webhook: Secret | null;
  /** The channel that the webhook posts to, or the default channel of the app, when the operator stated it. */
  channel: string | null;
  /** True when only Slack's own incoming webhook is there, which ignores a channel in the message. */
  fixedChannel: boolean;
  /** Why it must not be called (placeholder, missing variable, no URL), else null. */
  broken: string | null;
}

export const slackShape = z
  .strictObject({
    webhook: z
      .string()
      .optional()
      .describe('Address of an incoming webhook; use an environment reference or file:PATH'),
    channel: z.string().optional().describe('The channel that the webhook posts to; with a bot token, the default'),
    bot_token: z.string().optional().describe('Bot token of a Slack app (xoxb-…): any channel, threads, buttons'),
    signing_secret: z.string().optional().describe('Signing secret of the Slack app; without it there are no buttons'),
    url: baseShape,
  })
  .refine(
    ({ webhook, bot_token }) => webhook !== undefined || bot_token !== undefined,
    'expected a webhook or a bot_token',
  );

type RawSlack = z.infer<typeof slackShape>;

/**
 * A Slack webhook from its text.
 * @param channel the channel it posts to, when known
 */
export function compileSlackWebhook(
  text: string,
  channel: string | null,
  path: ConfigPath,
  section: Section,
): SlackIntegration {
  const { secret, broken } = readUrl(text, path, section);
  const fixedChannel = URL.canParse(secret.reveal()) && new URL(secret.reveal()).hostname === 'hooks.slack.com';
  return { app: null, webhook: secret, channel, fixedChannel, broken };
}

/** Compiles `integrations.slack`. */
export function compileSlack(raw: RawSlack, section: Section): SlackIntegration | null {
  const channel = raw.channel ?? null;
  const webhook = raw.webhook === undefined ? null : compileSlackWebhook(raw.webhook, channel, ['webhook'], section);
  if (raw.bot_token === undefined) return webhook;
  const token = section.secret(raw.bot_token, ['bot_token']);
  const signing = raw.signing_secret === undefined ? null : section.secret(raw.signing_secret, ['signing_secret']);
  const { base, broken } = readBase(raw.url, ['url'], section, 'https://slack.com/api');
  return {
    app: { botToken: token.secret, signingSecret: signing?.secret ?? null, base },
    webhook: webhook?.webhook ?? null,
    channel,
    fixedChannel: false,
    broken: token.broken ?? signing?.broken ?? broken,
  };
}
