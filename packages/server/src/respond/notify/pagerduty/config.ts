import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, byName, type NamedIntegration, readBase, type Section } from '../section.ts';

/** A service of PagerDuty. */
export interface PagerdutyIntegration extends NamedIntegration {
  routingKey: Secret;
  /** Base of the Events API. */
  base: string;
}

const keyShape = z.string().describe('Routing key of an Events API v2 integration; use an environment reference');

export const pagerdutyShape = byName(
  z.union([keyShape, z.strictObject({ key: keyShape, url: baseShape })], 'expected a routing key'),
);

/** Compiles one item of `integrations.pagerduty`: a routing key, or a map with `key` and `url`. */
export function compilePagerduty(
  name: string,
  raw: string | { key: string; url?: string | undefined },
  section: Section,
): PagerdutyIntegration {
  const written = typeof raw === 'string' ? { key: raw, url: undefined } : raw;
  const key = section.secret(written.key, typeof raw === 'string' ? [] : ['key']);
  const { base, broken } = readBase(written.url, ['url'], section, 'https://events.pagerduty.com');
  return { name, routingKey: key.secret, base, broken: key.broken ?? broken };
}
