import { clip } from '../clip.ts';
import { type Answer, judgeAnswer, objectIn, postJson } from '../http-exchange.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import { plainLines, signOf } from '../plain-text.ts';
import type { TelegramIntegration } from './config.ts';

/** Of a message's text, counted after its marks are taken out. */
const TEXT_MAX = 4_096;
const TITLE_MAX = 500;

/**
 * Telegram through a bot. A token that was revoked (401), a chat that blocked the bot (403) or does not exist (400) is
 * final; how long to wait after 429 stands in the answer.
 */
export function telegramNotifier(integration: TelegramIntegration): Notifier {
  return {
    async send(message, signal) {
      const url = `${integration.base}/bot${integration.token.reveal()}/sendMessage`;
      const answer = await postJson(url, telegramMessage(message, integration.chat), {}, signal);
      return 'outcome' in answer ? answer : judge(answer);
    },
  };
}

function telegramMessage(message: Outgoing, chat: string) {
  const title = clip(`${signOf(message)} ${message.body.title}`, TITLE_MAX);
  const rest = clip(plainLines(message).join('\n'), TEXT_MAX - title.length - 1);
  const first = Number(message.thread ?? Number.NaN);
  return {
    chat_id: chat,
    text: `<b>${escapeHtml(title)}</b>\n${escapeHtml(rest)}`,
    parse_mode: 'HTML',
    link_preview_options: { is_disabled: true },
    ...(Number.isInteger(first) ? { reply_parameters: { message_id: first, allow_sending_without_reply: true } } : {}),
  };
}

function judge(answer: Answer): DeliveryResult {
  const { description, parameters, result } = objectIn(answer);
  const { retry_after: seconds, migrate_to_chat_id: moved } = (parameters ?? {}) as Record<string, unknown>;
  const said = typeof description === 'string' ? description : answer.text;
  const wait = typeof seconds === 'number' ? seconds * 1_000 : answer.retryAfterMs;
  const hint = typeof moved === 'number' ? `; the chat is now ${moved}` : '';
  const judged = judgeAnswer({ ...answer, retryAfterMs: wait }, `${said}${hint}`);
  const id = (result as { message_id?: unknown } | undefined)?.message_id;
  return judged.outcome === 'sent' && typeof id === 'number' ? { ...judged, receipt: String(id) } : judged;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
