import { maskSecrets } from './secrets.ts';

/** Longest text that a record holds, characters. The rest is cut and the cut is marked. */
export const MAX_TEXT = 16 * 1024;

/** 1 for the ASCII codes that JSON must escape. */
const ESCAPED = new Uint8Array(128);
ESCAPED.fill(1, 0, 32);
ESCAPED[34] = 1;
ESCAPED[92] = 1;

/** Up to this length a loop is faster than the engine's own escaping. */
const SHORT = 48;

/** The text as a JSON string, without looking for secrets. */
export function quotePlain(text: string): string {
  if (text.length > SHORT) {
    return JSON.stringify(text);
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128 ? ESCAPED[code] === 1 : code >= 0xd800 && code <= 0xdfff) {
      return JSON.stringify(text);
    }
  }
  return `"${text}"`;
}

/** Shortens a text to {@link MAX_TEXT} and says by how much. */
export function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…[${text.length - MAX_TEXT} more characters]`;
}

/** The text as a JSON string: cut to {@link MAX_TEXT}, with secrets masked. */
export function quote(text: string): string {
  if (text.length < 8) {
    return quotePlain(text);
  }
  return quotePlain(maskSecrets(text.length > MAX_TEXT ? cut(text) : text));
}
