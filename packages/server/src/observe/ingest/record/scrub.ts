import { isSecretName } from './secret-names.ts';

/** What stands in place of a secret. */
export const REDACTED = '[redacted]';

/**
 * Replaces credentials inside a text: Bearer and Basic credentials, JSON web tokens, private keys, payment card
 * numbers, passwords in URLs, lines with cookies, and `name=value`, `name: "value"` or `"name":"value"` pairs whose
 * name says that the value is a secret.
 * Time is linear in the length of the text.
 * @returns the same string when there was nothing to replace
 */
export function scrubText(text: string): string {
  return text
    .replace(/\b(bearer)(\s+)(?=[^\s"',;]*[A-Z0-9_])[\w.~+/=-]{8,}/gi, redactBearer)
    .replace(/\b([Bb]asic)\s+(?=[A-Za-z0-9+/]*[A-Z0-9=])[A-Za-z0-9+/]{6,}={0,2}/g, `$1 ${REDACTED}`)
    .replace(/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, REDACTED)
    .replace(/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED)
    .replace(/:\/\/([^\s/:@]*):([^\s/]+)@/g, `://$1:${REDACTED}@`)
    .replace(COOKIE_LINE, `$1${REDACTED}`)
    .replace(/([\w.-]{1,64})(\s{0,4}[=:]\s{0,4})(["'])(?:(?!\3)[^\\\r\n])+\3/g, redactQuotedValue)
    .replace(SPOKEN_PAIR, `$1${REDACTED}`)
    .replace(/([\w.-]{1,64})=([^&\s"',;]+)/g, redactPair)
    .replace(/"([\w.-]{1,64})"(\s{0,8}:\s{0,8})(?:"(?:[^"\\]|\\.)*(?:"|$)|[^\s",{}[\]]+)/g, redactQuotedPair)
    .replace(CARD, (digits) => (isCardNumber(digits.replace(/[ -]/g, '')) ? REDACTED : digits));
}

/** A header line with cookies, up to its end. */
const COOKIE_LINE = /\b((?:set-)?cookie2?\s{0,4}:\s{0,4})(?=[^\s="']{1,200}=)[^\r\n"']+/gi;

/** `password: hunter2`, as people write it; `token: expired` and the like say no secret. */
const SPOKEN_PAIR =
  /\b((?:password|passwd|passphrase|pwd|secret|api[_-]?key)\s{0,4}:\s{1,4})(?!\[redacted\])[^\s"',;{}[\]]{3,}/gi;

const CARD = /(?<![\w-])(?:\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{13,19})(?![\w-])/g;

/** Number ranges of the card brands, with their lengths. */
const BRANDS = [
  /^4(?:\d{12}|\d{15}|\d{18})$/, // Visa
  /^(?:5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d{2}|7[01]\d|720)\d{12})$/, // Mastercard
  /^3[47]\d{13}$/, // American Express
  /^(?:6011|65\d{2}|64[4-9]\d)\d{12}$/, // Discover
  /^35(?:2[89]|[3-8]\d)\d{12}$/, // JCB
  /^3(?:0[0-5]|[68]\d)\d{11}$/, // Diners Club
];

/** Whether the digits are the number of a payment card: a brand's range and length, and a right check digit (Luhn). */
export function isCardNumber(digits: string): boolean {
  if (!BRANDS.some((brand) => brand.test(digits))) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function redactBearer(match: string, word: string, space: string): string {
  return /[A-Z0-9_]/.test(match.slice(word.length + space.length)) ? `${word}${space}${REDACTED}` : match;
}

function redactPair(match: string, name: string, value: string): string {
  return value !== REDACTED && isSecretName(name) ? `${name}=${REDACTED}` : match;
}

function redactQuotedValue(match: string, name: string, sign: string, quote: string): string {
  return isSecretName(name) ? `${name}${sign}${quote}${REDACTED}${quote}` : match;
}

function redactQuotedPair(match: string, name: string, colon: string): string {
  return isSecretName(name) ? `"${name}"${colon}"${REDACTED}"` : match;
}
