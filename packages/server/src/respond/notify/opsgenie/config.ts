import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, byName, type NamedIntegration, readBase, type Section } from '../section.ts';

/** An API integration of Opsgenie. */
export interface OpsgenieIntegration extends NamedIntegration {
  apiKey: Secret;
  /** What Opsgenie's webhook shows when it calls us; null = there is none. */
  webhookSecret: Secret | null;
  /** Base of the API; the European one is another. */
  base: string;
}

const keyShape = z.string().describe('Key of an API integration; use an environment reference');

const webhookShape = z
  .string()
  .describe(
    'Secret that a webhook of Opsgenie sends as `Authorization: Bearer SECRET`; it tells of acknowledgements and ends',
  );

export const opsgenieShape = byName(
  z.union(
    [keyShape, z.strictObject({ key: keyShape, url: baseShape, webhook_secret: webhookShape.optional() })],
    'expected the key of an API integration',
  ),
);

/** Compiles one item of `integrations.opsgenie`: a key, or a map with `key` and `url`. */
export function compileOpsgenie(
  name: string,
  raw: string | { key: string; url?: string | undefined; webhook_secret?: string | undefined },
  section: Section,
): OpsgenieIntegration {
  const written = typeof raw === 'string' ? { key: raw, url: undefined, webhook_secret: undefined } : raw;
  const key = section.secret(written.key, typeof raw === 'string' ? [] : ['key']);
  const { base, broken } = readBase(written.url, ['url'], section, 'https://api.opsgenie.com');
  const webhookSecret =
    written.webhook_secret === undefined ? null : section.secret(written.webhook_secret, ['webhook_secret']).secret;
  return { name, apiKey: key.secret, webhookSecret, base, broken: key.broken ?? broken };
}
