/** What happens to the value of a key: written, replaced, replaced by a keyed hash, or left out with its key. */
export type Treatment = 'keep' | 'redact' | 'hash' | 'remove';

export interface RedactionOptions {
  /** Further key names to redact, at any depth. Compared without case, `-`, `_` and spaces. */
  keys?: readonly string[];
  /** Key names whose value is replaced by a keyed hash: equal values stay recognisable as equal. */
  hash?: readonly string[];
  /** Key names to leave out altogether. */
  remove?: readonly string[];
  /** Key names that the built-in rules would redact and that are harmless here. */
  allow?: readonly string[];
  /** Key of the hash; default `YUMOPS_HASH_KEY`, then `YUMOPS_KEY`, then a random one for the process. */
  hashKey?: string;
}

const SECRET_WORDS = new Set([
  'password', 'passwd', 'pwd', 'passphrase', 'passcode', 'secret', 'secrets', 'token', 'jwt', 'authorization', 'cookie', 'cookies',
  'apikey', 'credential', 'credentials', 'cvv', 'cvc', 'cvv2', 'ssn', 'otp', 'totp', 'csrf', 'xsrf', 'pin', 'iban',
]); // biome-ignore format: a list of words reads best as a block
const SECRET_PAIRS = [
  'apikey',
  'accesskey',
  'privatekey',
  'secretkey',
  'signingkey',
  'encryptionkey',
  'cardnumber',
  'creditcard',
  'cardno',
  'servicerolekey',
  'securitycode',
];
const SECRET_EXACT = new Set(['card', 'pan', 'xyumopskey', 'accountnumber', 'routingnumber']);
const HASHED = new Set(['session', 'sessionid', 'sid', 'sessid', 'phpsessid', 'jsessionid', 'connectsid']);
/** A secret word followed by one of these is about the secret, not the secret: `tokenCount`, `passwordExpiresAt`. */
const HARMLESS_TAILS = new Set([
  'count', 'limit', 'length', 'size', 'type', 'expires', 'expired', 'expiry', 'ttl', 'age', 'usage', 'used', 'valid', 'required', 'present', 'enabled', 'policy', 'at', 'in', 'name', 'status', 'strength', 'reset',
]); // biome-ignore format: a list of words reads best as a block

const normalise = (key: string) => key.toLowerCase().replace(/[^a-z0-9]/g, '');

function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

function isSecretName(key: string): boolean {
  const words = wordsOf(key);
  const joined = words.join('');
  if (HARMLESS_TAILS.has(words.at(-1) ?? '')) {
    return false;
  }
  return (
    words.some((word) => SECRET_WORDS.has(word)) ||
    SECRET_WORDS.has(joined) ||
    SECRET_EXACT.has(joined) ||
    SECRET_PAIRS.some((pair) => joined.includes(pair))
  );
}

/** Decides by the name of a key what happens to its value. */
export class KeyRules {
  readonly #own = new Map<string, Treatment>();

  constructor(options: RedactionOptions = {}) {
    const lists: [readonly string[] | undefined, Treatment][] = [
      [options.allow, 'keep'],
      [options.hash, 'hash'],
      [options.keys, 'redact'],
      [options.remove, 'remove'],
    ];
    for (const [names, treatment] of lists) {
      for (const name of names ?? []) {
        this.#own.set(normalise(name), treatment);
      }
    }
  }

  treatmentOf(key: string): Treatment {
    const name = normalise(key);
    const own = this.#own.get(name);
    if (own !== undefined) {
      return own;
    }
    if (HASHED.has(name)) {
      return 'hash';
    }
    return isSecretName(key) ? 'redact' : 'keep';
  }
}
