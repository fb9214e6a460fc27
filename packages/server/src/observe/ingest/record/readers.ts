import { LEVELS, type Level, MAX_FUTURE, MAX_PAST } from '@yumops/protocol';
import { columnIndex, type Draft } from './draft.ts';
import { normalizeLevel } from './level.ts';
import { FLAG, KIND, type Scanner } from './scanner.ts';
import { scrubString } from './scrub-tree.ts';
import { isSpanId } from './span-id.ts';
import { parseExactTime, parseIsoTime } from './time.ts';

const MINUS = 45;
const LETTER_E = 101;

/** Why a record is refused. */
export interface Refused {
  code: string;
  message: string;
}

/**
 * Takes a member's value into a column of the draft: as it came when it has the column's type, changed when that loses
 * nothing.
 */
export type Reader = (draft: Draft, column: number, scanner: Scanner, member: number) => Refused | undefined;

/** Text; numbers and booleans are written out. */
export const readText: Reader = (draft, column, scanner, member) => {
  const kind = scanner.kind[member];
  if (kind === KIND.string) {
    const flags = scanner.flags[member] as number;
    if ((flags & (FLAG.suspicious | FLAG.loneSurrogate)) === 0) {
      draft.keep(column, scanner, member);
      return undefined;
    }
    const text = decodeText(scanner, member);
    const clean = scrubString(text);
    if (clean === text) draft.keep(column, scanner, member);
    else draft.put(column, JSON.stringify(clean));
    return undefined;
  }
  if (kind === KIND.null) return undefined;
  if (kind === KIND.object || kind === KIND.array) return wrongType(scanner, member, 'text');
  draft.put(column, JSON.stringify(scrubString(rawText(scanner, member))));
  return undefined;
};

/** As `readText`; an id of a span is kept, whatever its digits look like. */
export const readSpanId: Reader = (draft, column, scanner, member) => {
  // Few look like anything, and only those are decoded.
  const suspicious = ((scanner.flags[member] as number) & FLAG.suspicious) !== 0;
  if (!suspicious || scanner.kind[member] !== KIND.string || !isSpanId('spanId', decodeText(scanner, member))) {
    return readText(draft, column, scanner, member);
  }
  draft.keep(column, scanner, member);
  return undefined;
};

/** A finite number; text that is one is taken. */
export const readNumber: Reader = (draft, column, scanner, member) => {
  const kind = scanner.kind[member];
  if (kind === KIND.null) return undefined;
  if (kind === KIND.number && isShortNumber(scanner, member)) {
    draft.keep(column, scanner, member);
    return undefined;
  }
  const number = numberOf(scanner, member);
  if (number === undefined || !Number.isFinite(number)) return wrongType(scanner, member, 'a finite number');
  if (kind === KIND.number) draft.keep(column, scanner, member);
  else draft.put(column, String(number));
  return undefined;
};

/** A duration in milliseconds: a number from 0. */
export const readDuration: Reader = (draft, column, scanner, member) => {
  const start = scanner.valueStart[member] as number;
  const first = scanner.bytes[scanner.kind[member] === KIND.string ? start + 1 : start];
  if (first === MINUS) return wrongType(scanner, member, 'a number of milliseconds from 0');
  return readNumber(draft, column, scanner, member);
};

/** A whole number from 0 to 65,535. */
export const readStatusCode: Reader = (draft, column, scanner, member) => {
  return readWhole(draft, column, scanner, member, 65_535);
};

/** A count of bytes: a whole number from 0. */
export const readByteCount: Reader = (draft, column, scanner, member) => {
  return readWhole(draft, column, scanner, member, Number.MAX_SAFE_INTEGER);
};

function readWhole(draft: Draft, column: number, scanner: Scanner, member: number, most: number): Refused | undefined {
  if (scanner.kind[member] === KIND.null) return undefined;
  const digits = scanner.kind[member] === KIND.number ? wholeNumber(scanner, member) : -1;
  if (digits >= 0 && digits <= most) {
    draft.keep(column, scanner, member);
    return undefined;
  }
  const number = numberOf(scanner, member);
  if (number === undefined || !Number.isInteger(number) || number < 0 || number > most) {
    return wrongType(scanner, member, `a whole number from 0 to ${most}`);
  }
  draft.put(column, String(number));
  return undefined;
}

/** `true` or `false`, also as text or as 1 and 0. */
export const readBoolean: Reader = (draft, column, scanner, member) => {
  const kind = scanner.kind[member];
  if (kind === KIND.null) return undefined;
  if (kind === KIND.true || kind === KIND.false) {
    draft.keep(column, scanner, member);
    return undefined;
  }
  const text = kind === KIND.string ? decodeText(scanner, member).trim().toLowerCase() : rawText(scanner, member);
  if (text === 'true' || text === '1') draft.put(column, 'true');
  else if (text === 'false' || text === '0') draft.put(column, 'false');
  else return wrongType(scanner, member, 'true or false');
  return undefined;
};

/** A level by name or number. A word that is not known stands as `info`, and `draft.unknownLevel` says so. */
export const readLevel: Reader = (draft, column, scanner, member) => {
  const kind = scanner.kind[member];
  if (kind === KIND.null) return undefined;
  if (kind !== KIND.string && kind !== KIND.number) return wrongType(scanner, member, 'a level such as "info"');
  const known = kind === KIND.string ? matchWord(scanner, member, LEVEL_WORDS) : -1;
  if (known >= 0) {
    draft.level = LEVELS[known] as Level;
    draft.keep(column, scanner, member);
    return undefined;
  }
  const level = normalizeLevel(kind === KIND.string ? decodeText(scanner, member) : Number(rawText(scanner, member)));
  draft.unknownLevel = level === undefined && kind === KIND.string;
  draft.level = level ?? 'info';
  draft.put(column, `"${draft.level}"`);
  return undefined;
};

const LEVEL_WORDS = LEVELS.map((level) => Buffer.from(level));

/** Which of the words a string member is, as it stands in the bytes; -1 for none of them. */
export function matchWord(scanner: Scanner, member: number, words: readonly Uint8Array[]): number {
  const start = (scanner.valueStart[member] as number) + 1;
  const length = (scanner.valueEnd[member] as number) - 1 - start;
  return words.findIndex((word) => word.length === length && startsWith(scanner.bytes, start, word));
}

function startsWith(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i += 1) {
    if (bytes[start + i] !== word[i]) return false;
  }
  return true;
}

const TIMESTAMP = columnIndex('timestamp');

/**
 * Reads the record's own time: ISO 8601 text, or milliseconds since the epoch as number or digits. A time that is not
 * believed gives way to the arrival.
 * @returns the refusal, `believed`, or `replaced` when the arrival stands instead
 */
export function readTimestamp(
  draft: Draft,
  scanner: Scanner,
  member: number,
  now: number,
): Refused | 'believed' | 'replaced' {
  const kind = scanner.kind[member];
  const start = scanner.valueStart[member] as number;
  const end = scanner.valueEnd[member] as number;
  const exact = kind === KIND.string ? parseExactTime(scanner.bytes, start + 1, end - 1) : undefined;
  const time = exact ?? looseTime(scanner, member);
  if (time === undefined) return wrongType(scanner, member, 'ISO 8601 text or milliseconds since the epoch');
  if (time < now - MAX_PAST || time > now + MAX_FUTURE) {
    putArrival(draft, now);
    return 'replaced';
  }
  draft.timestamp = time;
  if (exact !== undefined || (kind === KIND.number && end - start === 13)) draft.keep(TIMESTAMP, scanner, member);
  else draft.put(TIMESTAMP, String(time));
  return 'believed';
}

export function putArrival(draft: Draft, now: number): void {
  draft.timestamp = now;
  draft.put(TIMESTAMP, String(now));
}

function looseTime(scanner: Scanner, member: number): number | undefined {
  const kind = scanner.kind[member];
  if (kind === KIND.number) {
    const number = Math.floor(Number(rawText(scanner, member)));
    return Number.isFinite(number) ? number : undefined;
  }
  if (kind !== KIND.string) return undefined;
  const text = decodeText(scanner, member).trim();
  return /^-?\d{1,16}$/.test(text) ? Number(text) : parseIsoTime(text);
}

/** So short and plain that it is surely finite. */
function isShortNumber(scanner: Scanner, member: number): boolean {
  const start = scanner.valueStart[member] as number;
  const end = scanner.valueEnd[member] as number;
  if (end - start > 30) return false;
  for (let i = start; i < end; i += 1) {
    if (((scanner.bytes[i] as number) | 32) === LETTER_E) return false;
  }
  return true;
}

/** The value of a number of up to nine digits and nothing else; else -1. */
function wholeNumber(scanner: Scanner, member: number): number {
  const start = scanner.valueStart[member] as number;
  const end = scanner.valueEnd[member] as number;
  if (end - start > 9) return -1;
  let value = 0;
  for (let i = start; i < end; i += 1) {
    const digit = (scanner.bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function numberOf(scanner: Scanner, member: number): number | undefined {
  const kind = scanner.kind[member];
  if (kind === KIND.number) return Number(rawText(scanner, member));
  if (kind !== KIND.string) return undefined;
  const text = decodeText(scanner, member).trim();
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The member's value as it stands in the bytes. */
export function rawText(scanner: Scanner, member: number): string {
  const start = scanner.valueStart[member] as number;
  return textOf(scanner.bytes, start, scanner.valueEnd[member] as number);
}

/** A string member's value. */
export function decodeText(scanner: Scanner, member: number): string {
  const raw = rawText(scanner, member);
  return ((scanner.flags[member] as number) & FLAG.escaped) === 0 ? raw.slice(1, -1) : (JSON.parse(raw) as string);
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('utf8', start, end);
}

function wrongType(scanner: Scanner, member: number, expected: string): Refused {
  const name = scanner.keys.name(scanner.key[member] as number);
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { code: `invalid_${snake}`, message: `"${name}" must be ${expected}.` };
}
