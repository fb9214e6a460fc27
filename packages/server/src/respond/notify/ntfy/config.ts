import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, byName, type NamedIntegration, readBase, type Section } from '../section.ts';

/** A topic of an ntfy server. */
export interface NtfyIntegration extends NamedIntegration {
  /** Whoever knows a topic can read it. */
  topic: Secret;
  token: Secret | null;
  /** Address of the server. */
  base: string;
}

export const ntfyShape = byName(
  z.strictObject({
    topic: z.string().describe('Topic; use an environment reference, for whoever knows it can read it'),
    token: z.string().optional().describe('Access token; use an environment reference or file:PATH'),
    url: baseShape,
  }),
);

/** Compiles one item of `integrations.ntfy`. */
export function compileNtfy(
  name: string,
  raw: { topic: string; token?: string | undefined; url?: string | undefined },
  section: Section,
): NtfyIntegration {
  const topic = section.secret(raw.topic, ['topic']);
  const token = raw.token === undefined ? null : section.secret(raw.token, ['token']);
  const { base, broken } = readBase(raw.url, ['url'], section, 'https://ntfy.sh');
  return {
    name,
    topic: topic.secret,
    token: token?.secret ?? null,
    base,
    broken: topic.broken ?? token?.broken ?? broken,
  };
}
