import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, byName, type NamedIntegration, readBase, type Section } from '../section.ts';

/** An API integration of Opsgenie. */
export interface OpsgenieIntegration extends NamedIntegration {
  apiKey: Secret;
  /** Base of the API; the European one is another. */
  base: string;
}

const keyShape = z.string().describe('Key of an API integration; use an environment reference');

export const opsgenieShape = byName(
  z.union([keyShape, z.strictObject({ key: keyShape, url: baseShape })], 'expected the key of an API integration'),
);

/** Compiles one item of `integrations.opsgenie`: a key, or a map with `key` and `url`. */
export function compileOpsgenie(
  name: string,
  raw: string | { key: string; url?: string | undefined },
  section: Section,
): OpsgenieIntegration {
  const written = typeof raw === 'string' ? { key: raw, url: undefined } : raw;
  const key = section.secret(written.key, typeof raw === 'string' ? [] : ['key']);
  const { base, broken } = readBase(written.url, ['url'], section, 'https://api.opsgenie.com');
  return { name, apiKey: key.secret, base, broken: key.broken ?? broken };
}
