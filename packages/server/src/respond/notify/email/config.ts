import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { readUrl, type Section } from '../section.ts';

export interface SmtpIntegration {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  url: Secret;
  from: string;
  broken: string | null;
}

export const smtpShape = z.strictObject({
  url: z.string().describe('smtp:// or smtps:// with user and password; use an environment reference or file:PATH'),
  from: z.string().optional().describe('Sender of e-mail, default yumops@localhost'),
});

/** Compiles `integrations.smtp`. */
export function compileSmtp(raw: z.infer<typeof smtpShape>, section: Section): SmtpIntegration {
  const { secret, broken } = readUrl(raw.url, ['url'], section, ['smtp', 'smtps']);
  return { url: secret, from: raw.from ?? 'yumops@localhost', broken };
}
