import { beginningOf } from './fit-record.ts';
import { maskSecrets } from './secrets.ts';

/** Longest text that a record holds, bytes of UTF-8. The rest is cut and the cut is marked. */
export const MAX_TEXT = 16 * 1024;
/** A text of no more UTF-16 units has no more bytes. */
const SURE_TEXT = Math.floor(MAX_TEXT / 3);

/** Traits that a single look at every character of a text yields. */
const ESCAPED = 1;
const EQUALS = 2;
const COLON = 4;
const AT = 8;
const UNDERSCORE = 16;
const DASH = 32;
/** May end the mark of a token: `Bearer `, `eyJ`, `AKIA`, `AIza`, `SG.`. */
const MARK = 64;
const SECRET = 128;
const DIGIT = 256;

/** The trait of each ASCII code, 0 for most letters. */
const TRAITS = new Uint16Array(128);
TRAITS.fill(ESCAPED, 0, 32);
for (const [characters, trait] of [
  ['"\\', ESCAPED],
  ['=', EQUALS],
  [':', COLON],
  ['@', AT],
  ['_', UNDERSCORE],
  ['-', DASH],
  [' +JKz.', MARK],
  ['0123456789', DIGIT],
] as const) {
  for (const character of characters) {
    TRAITS[character.charCodeAt(0)] = trait;
  }
}

/** Fewest digits of a card number. */
const CARD_DIGITS = 13;
/** The shortest text that can hold a secret which is recognised. */
const SHORTEST_SECRET = 8;

/** For each code that ends a mark, the code before it, in lower case where both cases count. */
function endsMark(text: string, at: number, code: number): boolean {
  const before = text.charCodeAt(at - 1);
  switch (code) {
    case 0x4a: // J of eyJ
      return before === 0x79;
    case 0x4b: // K of AKIA
      return before === 0x41;
    case 0x7a: // z of AIza
      return before === 0x49;
    case 0x2e: // . of SG.
      return before === 0x47;
    default: {
      // The space after Bearer or Basic, in any case.
      const lower = before | 0x20;
      const earlier = text.charCodeAt(at - 3) | 0x20;
      return (lower === 0x72 && earlier === 0x72) || (lower === 0x63 && earlier === 0x73);
    }
  }
}

const KEYWORD = /assw|passp|pwd|oken|ecret|key/i;

/** Whether a text with these traits can hold any of the secrets that `maskSecrets` knows; it then has to look. */
function mayHoldSecret(text: string, traits: number): boolean {
  return (
    (traits & (SECRET | EQUALS | UNDERSCORE)) !== 0 ||
    ((traits & COLON) !== 0 && ((traits & AT) !== 0 || KEYWORD.test(text))) ||
    ((traits & DASH) !== 0 && (text.includes('xox') || text.includes('-----')))
  );
}

/** Digits in a row after a character with this trait; spaces, dots and dashes between them do not count. */
function runAfter(digits: number, trait: number): number {
  if (trait === DIGIT) {
    return digits + 1;
  }
  return (trait & (MARK | DASH)) === 0 ? 0 : digits;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** The traits of all characters together, with `SECRET` where their order suggests one. */
function traitsOf(text: string): number {
  let traits = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 128) {
      traits |= isSurrogate(code) ? ESCAPED : 0;
      continue;
    }
    const trait = TRAITS[code] as number;
    digits = runAfter(digits, trait);
    traits |= trait;
    if (digits >= CARD_DIGITS || (trait === MARK && endsMark(text, i, code))) {
      traits |= SECRET;
    }
  }
  return traits;
}

const isLong = (text: string) => text.length > SURE_TEXT && Buffer.byteLength(text) > MAX_TEXT;

/** Shortens a text to {@link MAX_TEXT} and says by how much. */
export function cut(text: string): string {
  if (!isLong(text)) {
    return text;
  }
  const kept = beginningOf(text, MAX_TEXT);
  return `${kept}…[${text.length - kept.length} more characters]`;
}

const escaped = (text: string) => JSON.stringify(text).slice(1, -1);

/**
 * The text as the inside of a JSON string: cut to {@link MAX_TEXT}, with secrets masked. Most texts need neither escaping nor masking,
 * which one pass over their characters shows; they are returned as they are.
 */
export function escapeText(text: string): string {
  if (isLong(text)) {
    return escaped(maskSecrets(cut(text)));
  }
  const traits = traitsOf(text);
  if (text.length >= SHORTEST_SECRET && mayHoldSecret(text, traits)) {
    return escaped(maskSecrets(text));
  }
  return (traits & ESCAPED) === 0 ? text : escaped(text);
}

/** The text as a JSON string; see {@link escapeText}. */
export function quote(text: string): string {
  return `"${escapeText(text)}"`;
}
