import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, byName, type NamedIntegration, readBase, type Section } from '../section.ts';

/** A service of PagerDuty. */
export interface PagerdutyIntegration extends NamedIntegration {
  routingKey: Secret;
  /** Verifies what PagerDuty's webhook sends to us; null = there is none. */
  webhookSecret: Secret | null;
  /** Base of the Events API. */
  base: string;
}

const keyShape = z.string().describe('Routing key of an Events API v2 integration; use an environment reference');

const webhookShape = z
  .string()
  .describe('Secret of a webhook (version 3) of PagerDuty that tells of acknowledgements and ends');

export const pagerdutyShape = byName(
  z.union(
    [keyShape, z.strictObject({ key: keyShape, url: baseShape, webhook_secret: webhookShape.optional() })],
    'expected a routing key',
  ),
);

/** Compiles one item of `integrations.pagerduty`: a routing key, or a map with `key` and `url`. */
export function compilePagerduty(
  name: string,
  raw: string | { key: string; url?: string | undefined; webhook_secret?: string | undefined },
  section: Section,
): PagerdutyIntegration {
  const written = typeof raw === 'string' ? { key: raw } : raw;
  const webhook =
    'webhook_secret' in written && written.webhook_secret !== undefined
      ? section.secret(written.webhook_secret, ['webhook_secret']).secret
      : null;
  const key = section.secret(written.key, typeof raw === 'string' ? [] : ['key']);
  const { base, broken } = readBase(
    'url' in written ? written.url : undefined,
    ['url'],
    section,
    'https://events.pagerduty.com',
  );
  return { name, routingKey: key.secret, webhookSecret: webhook, base, broken: key.broken ?? broken };
}
