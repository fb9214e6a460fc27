import { z } from 'zod';
import { jsonProblem, type StrictVendor, strictVendor } from '../strict-vendor.ts';

export const BOT_TOKEN = '123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11';

/** Tags that the HTML mode knows, closed, and nothing else that looks like one. */
function isHtml(text: string): boolean {
  const rest = text.replaceAll(/<b>[^<]*<\/b>/g, '').replaceAll(/&(amp|lt|gt|quot);/g, '');
  return !/[<>]|&(?!\w+;)/.test(rest);
}

function plainLength(text: string): number {
  return text.replaceAll(/<\/?b>/g, '').replaceAll(/&\w+;/g, '.').length;
}

const message = z.strictObject({
  chat_id: z.union([z.int(), z.string().regex(/^(-?\d+|@\w+)$/)]),
  text: z
    .string()
    .refine(isHtml, "can't parse entities")
    .refine((text) => plainLength(text) >= 1 && plainLength(text) <= 4_096, 'message is too long'),
  parse_mode: z.literal('HTML').optional(),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }).optional(),
  disable_notification: z.boolean().optional(),
  reply_parameters: z.strictObject({ message_id: z.int(), allow_sending_without_reply: z.boolean() }).optional(),
});

/** Takes what the Bot API documents for sendMessage. */
export function telegramServer(): Promise<StrictVendor> {
  return strictVendor((request) => {
    if (request.path !== `/bot${BOT_TOKEN}/sendMessage`) return refusal(401, 'Unauthorized');
    const problem = jsonProblem(request, message);
    if (problem) return refusal(400, `Bad Request: ${problem}`);
    const { chat_id: chat, text } = JSON.parse(request.body);
    return { status: 200, json: { ok: true, result: { message_id: 42, date: 1, chat: { id: chat }, text } } };
  });
}

function refusal(status: number, description: string) {
  return { status, json: { ok: false, error_code: status, description } };
}
