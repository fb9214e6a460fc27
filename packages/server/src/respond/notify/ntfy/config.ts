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

/** About 60 bits, as the random part of a name needs them: this many characters, of which some are digits. */
const RANDOM_LENGTH = 12;

/** Whether a topic is a name rather than a secret: nothing in it is long enough and as mixed as chance makes it. */
function isGuessable(topic: string): boolean {
  const parts = topic.split(/[-_.]/);
  return !parts.some((part) => part.length >= RANDOM_LENGTH && /\d.*\d/.test(part) && /[a-z]/i.test(part));
}

/** Compiles one item of `integrations.ntfy`. */
export function compileNtfy(
  name: string,
  raw: { topic: string; token?: string | undefined; url?: string | undefined },
  section: Section,
): NtfyIntegration {
  const topic = section.secret(raw.topic, ['topic']);
  const token = raw.token === undefined ? null : section.secret(raw.token, ['token']);
  const { base, broken } = readBase(raw.url, ['url'], section, 'https://ntfy.sh');
  if (token === null && topic.broken === null && isGuessable(topic.secret.reveal())) {
    const message = 'whoever guesses this topic reads and sends its messages';
    const suggestion = 'set a token for a protected topic, or take a long random name from an environment reference';
    section.report({ code: 'W216', path: ['topic'], message, suggestion });
  }
  return {
    name,
    topic: topic.secret,
    token: token?.secret ?? null,
    base,
    broken: topic.broken ?? token?.broken ?? broken,
  };
}
