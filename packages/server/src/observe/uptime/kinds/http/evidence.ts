import type { CheckEvidence } from '@yumops/protocol';
import type { HttpAnswer } from './exchange.ts';

const BODY_BYTES = 4096;
const MASK = '[masked]';
const SECRET_NAME = /cookie|authorization|authenticate|token|secret|api-?key|password|session|csrf/i;

/**
 * What a failed check saw, fit to be stored: the first 4 KB of the body, headers that may hold secrets masked, and
 * the monitor's own secrets masked wherever the server repeats them.
 */
export function collectEvidence(answer: HttpAnswer, secrets: readonly string[]): CheckEvidence {
  const hide = (text: string) =>
    secrets.filter((secret) => secret.length >= 4).reduce((hidden, secret) => hidden.replaceAll(secret, MASK), text);
  return {
    status: answer.status,
    headers: Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, SECRET_NAME.test(name) ? MASK : hide(value)]),
    ),
    body: firstBytes(hide(answer.body.text)),
  };
}

function firstBytes(text: string): string {
  const bytes = Buffer.from(text.slice(0, BODY_BYTES));
  if (bytes.length <= BODY_BYTES) return bytes.toString();
  // A character cut in two at the end becomes U+FFFD: drop it.
  return bytes
    .subarray(0, BODY_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
}
