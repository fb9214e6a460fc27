import { lookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import { classifyAddress } from '../../observe/uptime/index.ts';
import type { DeliveryResult } from './notifier.ts';

/** One request to a vendor. */
export interface Exchange {
  url: string;
  method: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Also refuses private addresses, for what strangers named. */
  publicOnly?: boolean;
}

/** What a vendor answered. */
export interface Answer {
  status: number;
  /** The body, cut at 1 MiB. */
  text: string;
  retryAfterMs: number | null;
}

const RETRY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);
const SHOWN_CHARACTERS = 200;
const MAX_ANSWER_BYTES = 1_048_576;
/** Nothing has been sent when one of these is the cause. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'address_refused',
]);

/**
 * Makes one request. Redirects are not followed; link-local addresses and the metadata services of clouds are refused
 * when the connection is made, whatever the name said before.
 * @returns the answer, or the result of an attempt that got none
 */
export async function exchange(request: Exchange, signal: AbortSignal): Promise<Answer | DeliveryResult> {
  try {
    return await perform(request, signal);
  } catch (error) {
    if (codeOf(error) === 'address_refused') return { outcome: 'refused', reason: messageOf(error) };
    return { outcome: 'retry', reason: reasonOf(error, signal), maybeDelivered: !UNSENT.has(codeOf(error) ?? '') };
  }
}

/** Posts a value as JSON. */
export function postJson(
  url: string,
  value: unknown,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer | DeliveryResult> {
  return postText(
    url,
    JSON.stringify(value),
    { 'content-type': 'application/json; charset=utf-8', ...headers },
    signal,
  );
}

/** Posts the fields of a form. */
export function postForm(
  url: string,
  fields: readonly (readonly [name: string, value: string])[],
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer | DeliveryResult> {
  const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString();
  return postText(url, body, { 'content-type': 'application/x-www-form-urlencoded', ...headers }, signal);
}

/** Posts text as it stands; the caller names its content type. */
export function postText(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer | DeliveryResult> {
  return exchange({ url, method: 'POST', headers, body }, signal);
}

/**
 * Judges an answer by its status: 2xx sent; 408, 425, 429 and 5xx worth another attempt; everything else final.
 * @param said what the vendor said, where that is not simply the body
 */
export function judgeAnswer(answer: Answer, said = answer.text): DeliveryResult {
  const { status } = answer;
  const words = said.trim().slice(0, SHOWN_CHARACTERS);
  const reason = words === '' ? `answered ${status}` : `answered ${status} ${words}`;
  if (status >= 200 && status < 300) return { outcome: 'sent', detail: `accepted (${status})` };
  if (status >= 500 || RETRY_STATUSES.has(status)) {
    const wait = answer.retryAfterMs === null ? {} : { retryAfterMs: answer.retryAfterMs };
    return { outcome: 'retry', reason, maybeDelivered: false, ...wait };
  }
  return { outcome: 'refused', reason };
}

/** The body of an answer as a JSON object; empty when it is none. */
export function objectIn(answer: Answer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(answer.text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function perform({ url, method, headers, body, publicOnly = false }: Exchange, signal: AbortSignal): Promise<Answer> {
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) refuseAddress(host, host, publicOnly);
  const send = target.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = { 'user-agent': 'YumOps', ...headers, ...(body && { 'content-length': Buffer.byteLength(body) }) };
    // A connection that is kept open was judged when it was opened, by the rules of whoever opened it.
    const agent = publicOnly ? false : undefined;
    const options = { method, headers: sent, lookup: guardedLookup(publicOnly), agent, signal };
    const request = send(target, options, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Looks a name up as the system does, and fails when it leads to an address that must not be called. */
const guardedLookup =
  (publicOnly: boolean): LookupFunction =>
  (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 0);
      try {
        for (const { address } of found) refuseAddress(host, address, publicOnly);
      } catch (refusal) {
        return done(refusal as Error, '', 0);
      }
      const [first] = found;
      if (options.all) done(null, found);
      else done(null, first?.address ?? '', first?.family ?? 0);
    });
  };

function refuseAddress(host: string, address: string, publicOnly: boolean): void {
  const kind = classifyAddress(address);
  if (kind === 'public' || (kind === 'private' && !publicOnly)) return;
  const where = host === address ? `the address ${address}` : `${host} is ${address}, which`;
  throw new YumOpsError(
    'address_refused',
    `${where} is a ${kind === 'special' ? 'link-local or metadata' : 'private'} address, to which nothing is ever sent`,
  );
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    parts.push(part);
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  const text = Buffer.concat(parts).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
  return { status: response.statusCode ?? 0, text, retryAfterMs: retryAfter(response.headers) };
}

/** `Retry-After` in seconds or as a date, in ms from the answer's own `Date`. */
function retryAfter(headers: IncomingMessage['headers']): number | null {
  const value = headers['retry-after'];
  if (value === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1_000;
  const wait = Date.parse(value) - Date.parse(headers.date ?? '');
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return messageOf(signal.reason);
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : `the connection failed (${code})`;
}
