import type { KeyTable } from './key-table.ts';

/** Kinds of JSON values on the tape. */
export const KIND = { string: 0, number: 1, true: 2, false: 3, null: 4, object: 5, array: 6 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** What is remarkable about a value; bits of `flags`. */
export const FLAG = {
  /** Has an escape sequence. */
  escaped: 1,
  /** May hold something that looks like a credential or a card number. */
  suspicious: 2,
  /** Has half of a surrogate pair, which the store refuses. */
  loneSurrogate: 4,
  /** Holds a key that names a secret, at any depth. */
  secretKey: 8,
} as const;

/** Classes of bytes inside a string that need a closer look. */
const PLAIN = 0;
const QUOTE = 1;
const BACKSLASH = 2;
const CONTROL = 3;
const DIGIT = 4;
const HINT = 5;

const CLASS = byteClasses();

/** Nesting that is followed; deeper is refused. */
export const MAX_DEPTH = 64;

/** Digits in a row (a space or dash between them allowed) from which a card number is possible. */
const CARD_DIGITS = 13;

/**
 * A strict JSON scanner (RFC 8259) over bytes. It reads one object and leaves its members on a tape: where key and
 * value lie, the value's kind, and what is remarkable about it. Nothing is decoded, so that a value that needs no
 * change can be copied as it came.
 */
export class Scanner {
  bytes: Uint8Array = new Uint8Array(0);
  count = 0;
  /** Index of the key in `keys`, by member. */
  readonly key: number[] = [];
  readonly keyStart: number[] = [];
  readonly keyEnd: number[] = [];
  /** For strings the quotes are included. */
  readonly valueStart: number[] = [];
  readonly valueEnd: number[] = [];
  readonly kind: Kind[] = [];
  readonly flags: number[] = [];
  /** Why the last scan failed, and where. */
  problem = '';
  problemAt = 0;
  readonly keys: KeyTable;
  #at = 0;
  #end = 0;
  #flags = 0;
  #keyEnd = 0;

  constructor(keys: KeyTable) {
    this.keys = keys;
  }

  /**
   * Scans the object that begins at `start` (after white space).
   * @returns the offset behind it, or -1 when there is no valid object: see `problem`
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    this.bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.count = 0;
    this.problem = '';
    this.#space();
    if (this.#at >= end || bytes[this.#at] !== 123) return this.#fail('a JSON object was expected');
    return this.#members() ? this.#at : -1;
  }

  /**
   * Steps over any value that begins at `start`.
   * @returns the offset behind it, or -1 when there is no valid value: see `problem`
   */
  skip(bytes: Uint8Array, start: number, end: number): number {
    this.bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.count = 0;
    this.problem = '';
    return this.#value(1) === undefined ? -1 : this.#at;
  }

  #members(): boolean {
    if (this.#opens(125)) return true;
    for (;;) {
      if (!this.#member()) return false;
      const closed = this.#closes(125, '"," or "}" was expected');
      if (closed !== 0) return closed > 0;
    }
  }

  #member(): boolean {
    const n = this.count;
    const keyStart = this.#at + 1;
    this.#flags = 0;
    if (!this.#key()) return false;
    this.keyStart[n] = keyStart;
    this.keyEnd[n] = this.#keyEnd;
    this.key[n] = this.keys.find(this.bytes, keyStart, this.#keyEnd, (this.#flags & FLAG.escaped) !== 0);
    this.#flags = 0;
    this.valueStart[n] = this.#at;
    const kind = this.#value(1);
    if (kind === undefined) return false;
    this.valueEnd[n] = this.#at;
    this.kind[n] = kind;
    this.flags[n] = this.#flags;
    this.count = n + 1;
    return true;
  }

  /** Reads `"key":` and stops at the value. */
  #key(): boolean {
    if (this.bytes[this.#at] !== 34 || !this.#string()) return this.#problem('a key in double quotes was expected');
    this.#keyEnd = this.#at - 1;
    if (this.#next() !== 58) return this.#problem('":" was expected after a key');
    this.#space();
    return true;
  }

  #value(depth: number): Kind | undefined {
    const kind = KIND_BY_FIRST[this.#at < this.#end ? (this.bytes[this.#at] as number) : 0] as Kind;
    return this.#valueOf(kind, depth) ? kind : undefined;
  }

  #valueOf(kind: Kind, depth: number): boolean {
    switch (kind) {
      case KIND.string:
        return this.#string();
      case KIND.object:
        return this.#object(depth);
      case KIND.array:
        return this.#array(depth);
      case KIND.true:
        return this.#word('true');
      case KIND.false:
        return this.#word('false');
      case KIND.null:
        return this.#word('null');
      case KIND.number:
        return this.#number();
    }
  }

  #object(depth: number): boolean {
    if (depth >= MAX_DEPTH) return this.#problem(TOO_DEEP);
    if (this.#opens(125)) return true;
    for (;;) {
      const keyStart = this.#at + 1;
      if (!this.#key()) return false;
      if (this.keys.isSecret(this.keys.find(this.bytes, keyStart, this.#keyEnd, true))) this.#flags |= FLAG.secretKey;
      if (this.#value(depth + 1) === undefined) return false;
      const closed = this.#closes(125, '"," or "}" was expected');
      if (closed !== 0) return closed > 0;
    }
  }

  #array(depth: number): boolean {
    if (depth >= MAX_DEPTH) return this.#problem(TOO_DEEP);
    if (this.#opens(93)) return true;
    for (;;) {
      if (this.#value(depth + 1) === undefined) return false;
      const closed = this.#closes(93, '"," or "]" was expected');
      if (closed !== 0) return closed > 0;
    }
  }

  /** Steps over an opening bracket, and over the closing one when nothing is between. */
  #opens(close: number): boolean {
    this.#at += 1;
    this.#space();
    if (this.#at >= this.#end || this.bytes[this.#at] !== close) return false;
    this.#at += 1;
    return true;
  }

  /** 1 behind the closing bracket, 0 behind a comma, -1 at anything else. */
  #closes(close: number, orElse: string): number {
    const next = this.#next();
    if (next === close) return 1;
    if (next !== 44) {
      this.#problem(orElse);
      return -1;
    }
    this.#space();
    return 0;
  }

  #string(): boolean {
    const { bytes } = this;
    const end = this.#end;
    let i = this.#at + 1;
    while (i < end) {
      const kind = CLASS[bytes[i] as number] as number;
      if (kind === PLAIN) {
        i += 1;
      } else if (kind === QUOTE) {
        this.#at = i + 1;
        return true;
      } else {
        i = this.#special(kind, i);
        if (i < 0) return false;
      }
    }
    this.#at = end;
    return this.#problem('a string is not closed');
  }

  /** Handles a byte of a string that needs a closer look; the offset to go on from, or -1. */
  #special(kind: number, i: number): number {
    if (kind === DIGIT) return this.#digits(i);
    if (kind === HINT) {
      this.#hint(i);
      return i + 1;
    }
    this.#at = i;
    return kind === BACKSLASH ? this.#escape(i) : this.#fail('a control character in a string must be escaped');
  }

  #digits(start: number): number {
    const { bytes } = this;
    let i = start;
    let digits = 0;
    while (i < this.#end) {
      const byte = bytes[i] as number;
      if (byte >= 48 && byte <= 57) digits += 1;
      else if ((byte !== 32 && byte !== 45) || CLASS[bytes[i + 1] as number] !== DIGIT) break;
      i += 1;
    }
    if (digits >= CARD_DIGITS) this.#flags |= FLAG.suspicious;
    return i;
  }

  /** Looks for `@`, `=`, `eyJ`, `Bearer `, `Basic `, `-----`, `%3D` and `"…":`, `password:`, `secret:`, `key:` more closely. */
  #hint(i: number): void {
    const { bytes } = this;
    const byte = bytes[i];
    const suspicious =
      byte === 64 ||
      byte === 61 ||
      (byte === 58 && endsLikeSecretName(bytes, i - 1)) ||
      (byte === 37 && bytes[i + 1] === 51 && ((bytes[i + 2] as number) | 32) === 100) ||
      (byte === 121 && bytes[i + 1] === 74 && bytes[i - 1] === 101) ||
      (byte === 45 && bytes[i + 1] === 45 && bytes[i + 2] === 45) ||
      ((byte === 66 || byte === 98) && (follows(bytes, i, 'earer') || follows(bytes, i, 'asic ')));
    if (suspicious) this.#flags |= FLAG.suspicious;
  }

  #escape(start: number): number {
    const { bytes } = this;
    this.#flags |= FLAG.escaped;
    const code = start + 1 < this.#end ? (bytes[start + 1] as number) : 0;
    if (code !== 117) return this.#simpleEscape(start, code);
    const unit = hex4(bytes, start + 2, this.#end);
    if (unit < 0) return this.#fail('\\u needs four hexadecimal digits');
    if (unit < 0xd800 || unit > 0xdfff) {
      // An escaped letter could hide what the scrubber looks for.
      if (unit > 31 && unit < 127) this.#flags |= FLAG.suspicious;
      return start + 6;
    }
    const low = bytes[start + 6] === 92 && bytes[start + 7] === 117 ? hex4(bytes, start + 8, this.#end) : -1;
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
      this.#flags |= FLAG.loneSurrogate;
      return start + 6;
    }
    return start + 12;
  }

  #simpleEscape(start: number, code: number): number {
    // `"name","value"` inside of a text.
    if (code === 34 && this.bytes[start + 2] === 44) this.#flags |= FLAG.suspicious;
    return SIMPLE_ESCAPES.has(code) ? start + 2 : this.#fail('an escape sequence is not valid');
  }

  #number(): boolean {
    const { bytes } = this;
    if (bytes[this.#at] === 45) this.#at += 1;
    const first = this.#at;
    const digits = this.#skipDigits();
    if (digits === 0) return this.#problem('a value was expected');
    if (digits > 1 && bytes[first] === 48) return this.#problem('a number must not begin with 0');
    if (digits >= CARD_DIGITS) this.#flags |= FLAG.suspicious;
    if (bytes[this.#at] === 46) {
      this.#at += 1;
      if (this.#skipDigits() === 0) return this.#problem('digits were expected after "."');
    }
    return ((bytes[this.#at] as number) | 32) === 101 ? this.#exponent() : true;
  }

  #exponent(): boolean {
    const sign = this.bytes[this.#at + 1];
    this.#at += sign === 43 || sign === 45 ? 2 : 1;
    return this.#skipDigits() > 0 || this.#problem('digits were expected in an exponent');
  }

  #skipDigits(): number {
    const start = this.#at;
    while (this.#at < this.#end && CLASS[this.bytes[this.#at] as number] === DIGIT) this.#at += 1;
    return this.#at - start;
  }

  #word(word: string): boolean {
    for (let k = 0; k < word.length; k += 1) {
      if (this.#at + k >= this.#end || this.bytes[this.#at + k] !== word.charCodeAt(k)) {
        return this.#problem('a value was expected');
      }
    }
    this.#at += word.length;
    return true;
  }

  /** The next byte that is not white space, consumed; -1 at the end. */
  #next(): number {
    this.#space();
    if (this.#at >= this.#end) return -1;
    const byte = this.bytes[this.#at] as number;
    this.#at += 1;
    return byte;
  }

  #space(): void {
    while (this.#at < this.#end && isSpace(this.bytes[this.#at] as number)) this.#at += 1;
  }

  #problem(problem: string): false {
    this.#fail(problem);
    return false;
  }

  #fail(problem: string): -1 {
    this.problem = problem;
    this.problemAt = this.#at;
    return -1;
  }
}

const TOO_DEEP = `more than ${MAX_DEPTH} levels of nesting`;

const KIND_BY_FIRST = kindsByFirst();

const SIMPLE_ESCAPES = new Set([34, 92, 47, 98, 102, 110, 114, 116]);

function kindsByFirst(): Uint8Array {
  const kinds = new Uint8Array(256).fill(KIND.number);
  kinds[34] = KIND.string;
  kinds[123] = KIND.object;
  kinds[91] = KIND.array;
  kinds[116] = KIND.true;
  kinds[102] = KIND.false;
  kinds[110] = KIND.null;
  return kinds;
}

function byteClasses(): Uint8Array {
  const classes = new Uint8Array(256).fill(PLAIN);
  classes.fill(CONTROL, 0, 32);
  classes.fill(DIGIT, 48, 58);
  classes[34] = QUOTE;
  classes[92] = BACKSLASH;
  for (const char of '@=y-Bb:%') classes[char.charCodeAt(0)] = HINT;
  return classes;
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

/** Whether a quote, or the end of `password`, `passphrase`, `secret` or `key`, stands before a colon, perhaps with spaces. */
function endsLikeSecretName(bytes: Uint8Array, before: number): boolean {
  let at = before;
  while (bytes[at] === 32) at -= 1;
  if (bytes[at] === 34) return true;
  const last = (bytes[at] as number) | 32;
  const other = (bytes[at - 1] as number) | 32;
  // "…rd", "…wd", "…se", "…et", "…ey"
  return (
    (last === 100 && (other === 114 || other === 119)) ||
    (last === 101 && other === 115) ||
    (last === 116 && other === 101) ||
    (last === 121 && other === 101)
  );
}

function follows(bytes: Uint8Array, at: number, lower: string): boolean {
  for (let k = 0; k < lower.length; k += 1) {
    if (((bytes[at + 1 + k] as number) | 32) !== lower.charCodeAt(k)) return false;
  }
  return true;
}

function hex4(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 > end) return -1;
  let value = 0;
  for (let i = start; i < start + 4; i += 1) {
    const digit = hexDigit(bytes[i] as number);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
