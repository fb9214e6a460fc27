import { z } from 'zod';
import type { Secret } from '../../lib/secret.ts';
import { byName, type NamedIntegration, readUrl, type Section } from './section.ts';

/** A chat whose webhook's address is all there is to know. */
export interface ChatWebhook extends NamedIntegration {
  url: Secret;
}

/** Addresses of webhooks by name. */
export const chatWebhooksShape = byName(
  z.string().describe('Address of the webhook; use an environment reference or file:PATH'),
);

/** Compiles one address. */
export function compileChatWebhook(name: string, raw: string, section: Section): ChatWebhook {
  const { secret, broken } = readUrl(raw, [], section);
  return { name, url: secret, broken };
}
