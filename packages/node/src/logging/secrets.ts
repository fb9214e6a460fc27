/** What stands in a record where a secret was. */
export const REDACTED = '[redacted]';

/** Cheap test that lets the great majority of strings pass: no secret below matches a text that this refuses. */
const SUSPICIOUS =
  /eyJ|-----BEGIN |earer[ +]|asic |:\/\/|[?&]|assw|passp|oken|ecret|pwd|api[_-]?key|(?:sk|rk)_(?:live|test)_|gh[pousr]_|github_pat_|xox[abeprs]-|AKIA|AIza|SG\.|\d(?:[ -]?\d){12}/i;

const TOKEN_WORDS =
  'access_token|refresh_token|id_token|auth_token|csrf_token|token|api[_-]?key|apikey|client_secret|secret|password|passwd|passphrase|pwd';

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED],
  [/(?<![\w-])eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*){0,3}/g, REDACTED],
  [/\b(bearer)[ +](?!(?:token|auth\w*|scheme|header|credentials?)\b)[\w~+/.=-]{6,}/gi, `$1 ${REDACTED}`],
  [/\b(basic) (?=[\w+/]{0,200}[0-9=])[\w+/]{8,}={0,2}/gi, `$1 ${REDACTED}`],
  [/(?<![\w+.-])([a-z][\w+.-]{0,30}:\/\/[^\s:/@"']{0,256}):[^\s/@"']{1,256}@/gi, `$1:${REDACTED}@`],
  [
    new RegExp(`([?&](?:${TOKEN_WORDS}|key|sig|signature|code|session|sessionid|sid|otp|jwt)=)[^&\\s"'#]+`, 'gi'),
    `$1${REDACTED}`,
  ],
  [
    new RegExp(
      `((?:^|[\\s,;{(])["']?(?:${TOKEN_WORDS})["']?\\s?[=:]\\s?)(?!\\[redacted\\])["']?[^\\s,;"')}&]{3,}["']?`,
      'gi',
    ),
    `$1${REDACTED}`,
  ],
  [/\b(?:sk|rk)_(?:live|test)_\w{8,}/g, REDACTED],
  [
    /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[abeprs]-[\w-]{10,}|AKIA[A-Z0-9]{16}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,})/g,
    REDACTED,
  ],
];

const CARD = /(?<![\d.])[2-6]\d(?:[ -]?\d){11,17}(?![\d])/g;
/** Ids of traces and UUIDs: one of a thousand has the digits of a card number in a row. */
const ID = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
const LONGEST_ID = 36;
const NO_DIGIT_OF_ID = /[^0-9a-f-]/i;

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * Replaces what looks like a secret inside a text: bearer tokens, JWTs, private keys, card numbers, passwords in
 * connection strings, tokens in query strings, keys of well-known vendors. The rest of the text stays.
 */
export function maskSecrets(text: string): string {
  if (text.length < 8 || !SUSPICIOUS.test(text)) {
    return text;
  }
  let masked = text;
  for (const [pattern, replacement] of PATTERNS) {
    masked = masked.replace(pattern, replacement);
  }
  return masked.replace(CARD, (match, at: number) =>
    passesLuhn(match.replace(/[ -]/g, '')) && !isWithinId(masked, at, match.length) ? REDACTED : match,
  );
}

/** Whether the characters are part of an id: of that many hexadecimal digits between other characters. */
function isWithinId(text: string, at: number, length: number): boolean {
  const before = text.slice(Math.max(0, at - LONGEST_ID), at);
  const after = text.slice(at + length, at + length + LONGEST_ID);
  const [head = ''] = /[0-9a-f-]*$/i.exec(before) ?? [];
  const end = after.search(NO_DIGIT_OF_ID);
  return ID.test(head + text.slice(at, at + length) + (end === -1 ? after : after.slice(0, end)));
}

/** Whether a number, written out, is a payment card number. */
export function isCardNumber(value: number): boolean {
  return value >= 2e12 && value < 7e18 && Number.isInteger(value) && maskSecrets(String(value)) === REDACTED;
}
