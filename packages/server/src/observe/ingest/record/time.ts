const DAY = 86_400_000;

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Reads ISO 8601 date and time; without an offset it is UTC. Finer parts than milliseconds are cut.
 * @returns milliseconds since the epoch, or undefined when the text is no such time
 */
export function parseIsoTime(text: string): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Six;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = Date.UTC(year, month - 1, day);
  if (new Date(date).getUTCDate() !== day || month < 1 || month > 12) return undefined;
  const fraction = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  return date + ((hour * 60 + minute) * 60 + second) * 1_000 + fraction - offsetOf(match[8]);
}

type Six = [number, number, number, number, number, number];

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || /^[A-Za-z]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

let cachedDay = '';
let cachedDayStart = 0;

/**
 * Reads `YYYY-MM-DDTHH:MM:SS.mmmZ` straight from bytes: the one form that is stored as it came.
 * @returns milliseconds since the epoch, or undefined when the bytes have another form
 */
export function parseExactTime(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start !== 24 || bytes[start + 10] !== 84 || bytes[start + 19] !== 46 || bytes[start + 23] !== 90) {
    return undefined;
  }
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  const millis = twoDigits(bytes, start + 20) * 10 + ((bytes[start + 22] as number) - 48);
  const separated = bytes[start + 13] === 58 && bytes[start + 16] === 58;
  const ranged = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
  if (!separated || !ranged || !(millis >= 0 && millis < 1_000)) return undefined;
  const day = dayStart(bytes, start);
  return day === undefined ? undefined : day + ((hour * 60 + minute) * 60 + second) * 1_000 + millis;
}

function dayStart(bytes: Uint8Array, start: number): number | undefined {
  let same = true;
  for (let i = 0; same && i < 10; i += 1) same = cachedDay.charCodeAt(i) === bytes[start + i];
  if (same) return cachedDayStart;
  const day = String.fromCharCode(...bytes.subarray(start, start + 10));
  const parsed = parseIsoTime(day);
  if (parsed === undefined) return undefined;
  cachedDay = day;
  cachedDayStart = parsed;
  return parsed;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - 48;
  const ones = (bytes[at + 1] as number) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1_000;
}

/** `YYYY-MM-DD` in UTC. */
export function dayOf(timestamp: number): string {
  const day = Math.floor(timestamp / DAY);
  if (day !== lastDay) {
    lastDay = day;
    lastDayText = new Date(day * DAY).toISOString().slice(0, 10);
  }
  return lastDayText;
}

let lastDay = Number.NaN;
let lastDayText = '';
