import { randomHex } from './trace-context.ts';

const ACCEPTED = /^[A-Za-z0-9._-]{8,64}$/;

/** Whether a client's request id has a form that may go into logs and headers. */
export function isRequestId(text: unknown): text is string {
  return typeof text === 'string' && ACCEPTED.test(text);
}

/** A new UUID of version 7: sorts by time. @param now milliseconds since the epoch */
export function newRequestId(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  const random = randomHex(10);
  const variant = ((Number.parseInt(random.charAt(3), 16) & 3) | 8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
