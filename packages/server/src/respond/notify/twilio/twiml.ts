import { clip } from '../clip.ts';
import type { ReplyAction } from '../reply.ts';

/** What a key on the phone means. */
export const KEYS: Readonly<Record<string, ReplyAction>> = { 4: 'acknowledge', 5: 'escalate', 6: 'resolve' };

const MENU = 'Press 4 to acknowledge, 5 to escalate, 6 to resolve.';
/** Escaped twice over this stays below the 4,000 characters that a request may carry. */
const SPOKEN_MAX = 250;

/** Says a text and, where `action` is given, waits for a key; twice. */
export function spokenMenu(text: string, action: string | null): string {
  const say = `<Say>${escapeXml(clip(text, SPOKEN_MAX))}</Say>`;
  if (action === null) return twiml(`${say}<Pause length="1"/>${say}`);
  const gather =
    `<Gather input="dtmf" numDigits="1" timeout="8" method="POST" action="${escapeXml(action)}">` +
    `${say}<Say>${MENU}</Say></Gather>`;
  return twiml(`${gather}${gather}<Say>No key was pressed. Goodbye.</Say>`);
}

/** Says a text and hangs up. */
export function spoken(text: string): string {
  return twiml(`<Say>${escapeXml(clip(text, SPOKEN_MAX))}</Say><Hangup/>`);
}

/** Answers an SMS. */
export function textReply(text: string): string {
  return twiml(`<Message>${escapeXml(clip(text, 320))}</Message>`);
}

function twiml(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${content}</Response>`;
}

function escapeXml(text: string): string {
  const printable = text.replaceAll(/[^\x20-\ud7ff\ue000-\ufffd]/gu, ' ');
  return printable.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
