import { randomHex } from './trace-context.ts';

const ACCEPTED = /^[A-Za-z0-9._-]{8,64}$/;

/** Whether a client's request id has a form that may go into logs and headers. */
export function isRequestId(text: unknown): text is string {
  return typeof text === 'string' && ACCEPTED.test(text);
}

const BYTES = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));
/** The upper bits of the time change once a minute: their text is kept. */
const MINUTE = 0x1_00_00;
let minute = Number.NaN;
let prefix = '';

/** The digit that carries a UUID's variant, with the two random bits of a hexadecimal digit. */
function variantOf(digit: number): string {
  return '89ab'.charAt((digit < 0x3a ? digit : digit + 9) & 3);
}

/** A new UUID of version 7: sorts by time. @param now milliseconds since the epoch */
export function newRequestId(now: number): string {
  const upper = Math.floor(now / MINUTE);
  if (upper !== minute) {
    minute = upper;
    prefix = `${upper.toString(16).padStart(8, '0')}-`;
  }
  const lower = now - upper * MINUTE;
  const random = randomHex(10);
  return `${prefix}${BYTES[lower >> 8]}${BYTES[lower & 255]}-7${random.slice(0, 3)}-${variantOf(random.charCodeAt(3))}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
