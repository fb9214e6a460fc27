import { escapeText } from '../logging/quote.ts';
import type { RequestRecord } from './request-record.ts';
import { userAgentFamily } from './user-agent.ts';

/** All keys of a request's line. */
export const REQUEST_KEYS = [
  'requestId', 'traceId', 'spanId', 'parentSpanId', 'method', 'endpoint', 'path', 'queryKeys', 'statusCode', 'duration',
  'requestBytes', 'responseBytes', 'ip', 'userId', 'userAgent', 'userAgentFamily', 'clientRequestId', 'action', 'aborted', 'slow',
] as const; // biome-ignore format: a list of words reads best as a block

/** Numbers from here on might be those of payment cards, which are looked at more closely. */
const MOST = 1e12;
/** `.001`, `.25`: the digits behind the point of a number of thousandths, made when they are first asked for. */
const fractions: string[] = [''];

function fractionText(thousandths: number): string {
  fractions[thousandths] ??= `${thousandths / 1000}`.slice(1);
  return fractions[thousandths];
}

/**
 * Whether {@link requestPairs} can write a record: it has no user id but a text, and no number beyond what requests have. A
 * status that is set after the head has left is whatever the application made of it.
 */
export function isUsual({ userId, statusCode, requestBytes, responseBytes, duration }: RequestRecord): boolean {
  return (
    Number.isInteger(statusCode) &&
    (userId === undefined || typeof userId === 'string') &&
    (requestBytes === undefined || requestBytes < MOST) &&
    (responseBytes === undefined || responseBytes < MOST) &&
    duration >= 0 &&
    duration < MOST
  );
}

/** A duration in whole microseconds. @param duration milliseconds */
export function microseconds(duration: number): number {
  return Math.round(duration * 1000);
}

/** A duration as JSON has it, without asking the engine for the shortest form of a fraction. @param duration milliseconds */
function durationText(duration: number): string {
  const thousandths = microseconds(duration);
  const whole = Math.floor(thousandths / 1000);
  return `${whole}${fractionText(thousandths - whole * 1000)}`;
}

function pair(lead: string, value: string | undefined): string {
  return value === undefined ? '' : `${lead}${escapeText(value)}"`;
}

function numberPair(lead: string, value: number | undefined): string {
  return value === undefined ? '' : `${lead}${value}`;
}

function queryPair(names: readonly string[] | undefined): string {
  if (names === undefined) {
    return '';
  }
  let text = '';
  for (const name of names) {
    text += text === '' ? `"${escapeText(name)}"` : `,"${escapeText(name)}"`;
  }
  return `,"queryKeys":[${text}]`;
}

/**
 * What a logger makes of `requestFields`, put together from parts that stand already: this is done for every request of an
 * application. Ids that were made here, those of traces and addresses have a form that needs no look.
 * @param slowAfter milliseconds
 */
export function requestPairs(record: RequestRecord, slowAfter: number): string {
  const { identity, duration, requestBytes } = record;
  const { traceId, spanId, parentSpanId } = identity.trace;
  const family = userAgentFamily(record.userAgent);
  const path = escapeText(record.path);
  const endpoint = record.endpoint === record.path ? path : escapeText(record.endpoint);
  return (
    `,"requestId":"${identity.ownId ? identity.requestId : escapeText(identity.requestId)}","traceId":"${traceId}","spanId":"${spanId}` +
    (parentSpanId === undefined ? '","method":"' : `","parentSpanId":"${parentSpanId}","method":"`) +
    `${escapeText(record.method)}","endpoint":"${endpoint}","path":"${path}"${queryPair(record.queryKeys)},"statusCode":${record.statusCode},"duration":${durationText(duration)}` +
    (requestBytes === 0 ? ',"requestBytes":0' : numberPair(',"requestBytes":', requestBytes)) +
    numberPair(',"responseBytes":', record.responseBytes) +
    (identity.ip === undefined ? '' : `,"ip":"${identity.ip}"`) +
    pair(',"userId":"', record.userId as string | undefined) +
    pair(',"userAgent":"', record.userAgent) +
    (family === undefined ? '' : `,"userAgentFamily":"${family}"`) +
    pair(',"clientRequestId":"', identity.clientRequestId) +
    pair(',"action":"', record.action) +
    (record.aborted ? ',"aborted":true' : '') +
    (duration > slowAfter ? ',"slow":true' : ',"slow":false')
  );
}
