import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { durationShape, readDuration } from '../../../lib/section.ts';
import { type NamedIntegration, readUrl, type Section } from '../section.ts';

/** A receiver of signed JSON. */
export interface WebhookIntegration extends NamedIntegration {
  url: Secret;
  /** Signs every body; null = unsigned. */
  secret: Secret | null;
  timeoutMs: number;
  sendResolved: boolean;
  /** Our own JSON, or that of Alertmanager's webhooks, version 4. Left out = our own. */
  format?: 'yumops' | 'alertmanager';
}

const DEFAULT_TIMEOUT_MS = 10_000;

export const webhookShape = z.strictObject({
  name: z.string().min(1).describe('Name that notifications refer to'),
  url: z.string().describe('http or https address; an environment reference or file:PATH may stand for it'),
  secret: z.string().optional().describe('Key of the signature; use an environment reference or file:PATH'),
  timeout: durationShape.optional().describe('Longest wait for the answer, default 10s'),
  send_resolved: z.boolean().optional().describe('Also send the end of alerts, default true'),
  format: z
    .enum(['yumops', 'alertmanager'])
    .optional()
    .describe("JSON of YumOps (default), or of Alertmanager's webhooks, version 4"),
});

/** Compiles an item of `integrations.webhook`. */
export function compileWebhook(raw: z.infer<typeof webhookShape>, section: Section): WebhookIntegration {
  const url = readUrl(raw.url, ['url'], section);
  const key = raw.secret === undefined ? null : section.secret(raw.secret, ['secret']);
  return {
    name: raw.name,
    url: url.secret,
    secret: key?.secret ?? null,
    timeoutMs: readDuration(raw.timeout, ['timeout'], section.report, 1) ?? DEFAULT_TIMEOUT_MS,
    sendResolved: raw.send_resolved ?? true,
    format: raw.format ?? 'yumops',
    broken: url.broken ?? key?.broken ?? null,
  };
}
