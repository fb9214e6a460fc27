import { isObject } from './json-value.ts';
import { isCardNumber, REDACTED, scrubText } from './scrub.ts';
import { isSecretName } from './secret-names.ts';
import { isSpanId, isSpanIdAttribute } from './span-id.ts';
import { wellFormed } from './well-formed.ts';

/** Levels that are kept of an event. */
const MAX_DEPTH = 40;

/** Longest text that is looked at as JSON, characters. */
const LONGEST_JSON = 256 * 1024;

/** An object, an array or a text, by its ends. */
const AS_JSON = /^\s{0,8}(?:\{[\s\S]*\}|\[[\s\S]*\]|"[\s\S]*")\s{0,8}$/;

const TOO_DEEP = '[cut: nested too deep]';

/**
 * The value with every secret in it replaced, at any depth: by the name of its key, by its form, and where a name
 * and its value stand side by side: `["Cookie", "…"]`, `{"name": "password", "value": "…"}`.
 */
export function scrubTree(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubString(value, depth);
  if (typeof value === 'number') return isCard(value) ? REDACTED : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  if (Array.isArray(value)) return scrubArray(value, depth);
  return scrubObject(value as Record<string, unknown>, depth);
}

function scrubArray(values: readonly unknown[], depth: number): unknown[] {
  const [name] = values;
  if (values.length === 2 && typeof name === 'string' && isSecretName(name)) return [name, REDACTED];
  return values.map((inner) => scrubTree(inner, depth + 1));
}

function scrubObject(value: Record<string, unknown>, depth: number): Record<string, unknown> {
  const named = [value['name'], value['key']].some((name) => typeof name === 'string' && isSecretName(name));
  const scrubbed: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const secret = isSecretKey(key) && inner !== null && inner !== undefined;
    if (secret || (named && key === 'value' && typeof inner !== 'object')) scrubbed[wellFormed(key)] = REDACTED;
    else scrubbed[scrubKey(key)] = scrubMember(key, inner, depth + 1);
  }
  return scrubbed;
}

function scrubMember(key: string, value: unknown, depth: number): unknown {
  if (isSpanId(key, value)) return value;
  const scrubbed = scrubTree(value, depth);
  return isObject(scrubbed) && isSpanIdAttribute(key, value) ? { ...scrubbed, value: value.value } : scrubbed;
}

/** Lets most texts pass: none of the forms of a secret lacks all of these. */
const SUSPICIOUS =
  /[\w.\]-]=[^\s=>]|[=:]\s{0,4}["']|@|eyJ|earer|asic|-----|"\s{0,8}[:,]|\d[\d -]{11}|%3d|(?:assw(?:or)?d|passphrase|pwd|secret|api[_-]?key)\s{0,4}:/i;

/** A text with the secrets in it replaced, also those inside JSON that was written into it and in percent-encoding. */
export function scrubString(text: string, depth = 0): string {
  return wellFormed(SUSPICIOUS.test(text) ? scrubNested(scrubJson(text, depth)) : text);
}

function scrubKey(key: string): string {
  return wellFormed(SUSPICIOUS.test(key) ? scrubText(key) : key);
}

/** Keys that are remembered; those of one application are few. */
const MOST_KEYS = 10_000;
const secretKeys = new Map<string, boolean>();

function isSecretKey(key: string): boolean {
  const known = secretKeys.get(key);
  if (known !== undefined) return known;
  if (secretKeys.size >= MOST_KEYS) secretKeys.clear();
  const secret = isSecretName(key);
  secretKeys.set(key, secret);
  return secret;
}

/** JSON that was written into a text as a whole is scrubbed as what it says. */
function scrubJson(text: string, depth: number): string {
  if (depth >= MAX_DEPTH || text.length > LONGEST_JSON || !AS_JSON.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    const clean = JSON.stringify(scrubTree(value, depth + 1));
    return clean === JSON.stringify(value) ? text : clean;
  } catch {
    return text;
  }
}

/** Also looks into JSON that was written into a text with its quotes escaped, and into percent-encoded pairs. */
function scrubNested(text: string): string {
  const clean = scrubText(text);
  const unquoted = clean.includes('\\"')
    ? clean.replace(/\\"([\w.-]{1,64})\\"(\s{0,8}:\s{0,8})\\"((?:[^"\\]|\\\\|\\(?!"))*)\\"/g, redactEscaped)
    : clean;
  return /%3D/i.test(unquoted) ? unquoted.replace(/([\w.-]{1,64})%3D([^&\s"',;%]+)/gi, redactEncoded) : unquoted;
}

function redactEscaped(match: string, name: string, colon: string): string {
  return isSecretName(name) ? `\\"${name}\\"${colon}\\"${REDACTED}\\"` : match;
}

function redactEncoded(match: string, name: string): string {
  return isSecretName(name.replace(/^(?:%3F|%26|3F|26)/i, '')) ? `${name}%3D${REDACTED}` : match;
}

function isCard(value: number): boolean {
  return Number.isInteger(value) && value >= 1e12 && value < 1e19 && isCardNumber(String(value));
}
