import { z } from 'zod';
import { type ConfigPath, type Report, within } from '../../lib/finding.ts';
import type { ConfiguredSecret, Secret, SecretReader } from '../../lib/secret.ts';
import { durationShape, readDuration } from '../../lib/section.ts';

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

const DEFAULT_TIMEOUT_MS = 10_000;

const webhookShape = z.strictObject({
  name: z.string().min(1).describe('Name that notifications refer to'),
  url: z.string().describe('http or https address; an environment reference or file:PATH may stand for it'),
  secret: z.string().optional().describe('Key of the signature; use an environment reference or file:PATH'),
  timeout: durationShape.optional().describe('Longest wait for the answer, default 10s'),
  send_resolved: z.boolean().optional().describe('Also send the end of alerts, default true'),
});

/** `integrations:` as written. */
export const integrationsShape = z.strictObject({
  slack: z
    .strictObject({
      webhook: z.string().describe('Address of an incoming webhook; use an environment reference or file:PATH'),
      channel: z.string().optional().describe('The channel that the webhook posts to'),
    })
    .optional()
    .describe('Slack, or anything that takes its messages'),
  smtp: z
    .strictObject({
      url: z.string().describe('smtp:// or smtps:// with user and password; use an environment reference or file:PATH'),
      from: z.string().optional().describe('Sender of e-mail, default yumops@localhost'),
    })
    .optional()
    .describe('The mail server'),
  webhook: z.array(webhookShape).optional().describe('Receivers of signed JSON'),
  pagerduty: z.unknown().optional().describe('Routing keys by name; not used by this version'),
  twilio: z.unknown().optional().describe('Account for SMS and calls; not used by this version'),
});

export type RawIntegrations = z.infer<typeof integrationsShape>;

interface Section {
  report: Report;
  secret: SecretReader;
}

/** An address, refused with E103 unless it has one of the schemes. What is broken already is not judged again. */
function readUrl(text: string, path: ConfigPath, schemes: readonly string[], section: Section): ConfiguredSecret {
  const { secret, broken } = section.secret(text, path);
  if (broken) return { secret, broken };
  const scheme = URL.canParse(secret.reveal()) ? new URL(secret.reveal()).protocol.slice(0, -1) : undefined;
  if (scheme !== undefined && schemes.includes(scheme)) return { secret, broken };
  section.report({
    code: 'E103',
    path,
    message: 'this is not an address',
    suggestion: `write one that begins with ${schemes.map((name) => `${name}://`).join(' or ')}`,
  });
  return { secret, broken: 'its address is not valid' };
}

/**
 * A Slack webhook from its text.
 * @param channel the channel it posts to, when known
 */
export function compileSlack(
  text: string,
  channel: string | null,
  path: ConfigPath,
  section: Section,
): SlackIntegration {
  const { secret, broken } = readUrl(text, path, ['https', 'http'], section);
  const fixedChannel = URL.canParse(secret.reveal()) && new URL(secret.reveal()).hostname === 'hooks.slack.com';
  return { webhook: secret, channel, fixedChannel, broken };
}

function compileWebhook(raw: z.infer<typeof webhookShape>, section: Section): WebhookIntegration {
  const url = readUrl(raw.url, ['url'], ['https', 'http'], section);
  const key = raw.secret === undefined ? null : section.secret(raw.secret, ['secret']);
  return {
    name: raw.name,
    url: url.secret,
    secret: key?.secret ?? null,
    timeoutMs: readDuration(raw.timeout, ['timeout'], section.report, 1) ?? DEFAULT_TIMEOUT_MS,
    sendResolved: raw.send_resolved ?? true,
    broken: url.broken ?? key?.broken ?? null,
  };
}

/** Compiles `integrations:`; paths count from that key. */
export function compileIntegrations(raw: RawIntegrations, section: Section): Integrations {
  const smtp = raw.smtp && readUrl(raw.smtp.url, ['smtp', 'url'], ['smtp', 'smtps'], section);
  return {
    slack: raw.slack ? compileSlack(raw.slack.webhook, raw.slack.channel ?? null, ['slack', 'webhook'], section) : null,
    smtp: smtp ? { url: smtp.secret, from: raw.smtp?.from ?? 'yumops@localhost', broken: smtp.broken } : null,
    webhooks: (raw.webhook ?? []).map((item, index) =>
      compileWebhook(item, {
        report: within(section.report, 'webhook', index),
        secret: (text, path) => section.secret(text, ['webhook', index, ...path]),
      }),
    ),
  };
}
