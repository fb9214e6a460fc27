import { z } from 'zod';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, byName, type NamedIntegration, readBase, type Section } from '../section.ts';

/** A chat of Telegram that a bot writes to. */
export interface TelegramIntegration extends NamedIntegration {
  token: Secret;
  /** Number of the chat, or `@name` of a channel. */
  chat: string;
  /** Base of the Bot API. */
  base: string;
}

export const telegramShape = byName(
  z.strictObject({
    token: z.string().describe('Token of the bot; use an environment reference or file:PATH'),
    chat: z.union([z.string(), z.int()], 'expected the number of a chat or @channel').describe('Chat or @channel'),
    url: baseShape,
  }),
);

/** Compiles one item of `integrations.telegram`. */
export function compileTelegram(
  name: string,
  raw: { token: string; chat: string | number; url?: string | undefined },
  section: Section,
): TelegramIntegration {
  const token = section.secret(raw.token, ['token']);
  const { base, broken } = readBase(raw.url, ['url'], section, 'https://api.telegram.org');
  return { name, token: token.secret, chat: String(raw.chat), base, broken: token.broken ?? broken };
}
