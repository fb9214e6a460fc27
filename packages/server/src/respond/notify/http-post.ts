import { messageOf } from '../../lib/errors.ts';
import type { DeliveryResult } from './notifier.ts';

/** What a receiver answered. */
export interface Answer {
  status: number;
  /** The first part of the body. */
  text: string;
  retryAfterMs: number | null;
}

const RETRY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);
const SHOWN_CHARACTERS = 200;
/** Nothing has been sent when one of these is the cause. */
const UNSENT: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Posts a body once. Redirects are not followed.
 * @returns the answer, or the result of an attempt that got none
 */
export async function httpPost(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer | DeliveryResult> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'YumOps', ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    const text = await response.text();
    return {
      status: response.status,
      text: text.slice(0, SHOWN_CHARACTERS),
      retryAfterMs: retryAfter(response.headers),
    };
  } catch (error) {
    return { outcome: 'retry', reason: reasonOf(error, signal), maybeDelivered: !UNSENT.has(causeCode(error)) };
  }
}

/** Judges an answer by its status: 2xx sent; 408, 425, 429 and 5xx worth another attempt; everything else final. */
export function judgeAnswer(answer: Answer): DeliveryResult {
  const { status, text } = answer;
  const said = text.trim() === '' ? `answered ${status}` : `answered ${status} ${text.trim()}`;
  if (status >= 200 && status < 300) return { outcome: 'sent', detail: `accepted (${status})` };
  if (status >= 500 || RETRY_STATUSES.has(status)) {
    const wait = answer.retryAfterMs === null ? {} : { retryAfterMs: answer.retryAfterMs };
    return { outcome: 'retry', reason: said, maybeDelivered: false, ...wait };
  }
  return { outcome: 'refused', reason: said };
}

/** `Retry-After` in seconds or as a date, in ms from the answer's own `Date`. */
function retryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1_000;
  const wait = Date.parse(value) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return messageOf(signal.reason);
  const code = causeCode(error);
  return code === '' ? messageOf(error) : `${messageOf(error)} (${code})`;
}

function causeCode(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown } } | null)?.cause;
  return typeof cause?.code === 'string' ? cause.code : '';
}
