import type { Secret } from '../../lib/secret.ts';

/** A Slack incoming webhook, or anything Slack-shaped. */
export interface SlackIntegration {
  webhook: Secret;
  /** The channel that the webhook posts to, when the operator stated it. */
  channel: string | null;
  /** True when the receiver is Slack itself, whose incoming webhooks ignore a channel in the message. */
  fixedChannel: boolean;
  /** Why it must not be called (placeholder, missing variable, no URL), else null. */
  broken: string | null;
}

export interface SmtpIntegration {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  url: Secret;
  from: string;
  broken: string | null;
}

/** A receiver of signed JSON. */
export interface WebhookIntegration {
  name: string;
  url: Secret;
  /** Signs every body; null = unsigned. */
  secret: Secret | null;
  timeoutMs: number;
  sendResolved: boolean;
  broken: string | null;
}

/** How messages leave: what is null is not set up. */
export interface Integrations {
  slack: SlackIntegration | null;
  smtp: SmtpIntegration | null;
  webhooks: readonly WebhookIntegration[];
}
