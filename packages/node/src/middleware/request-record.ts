import type { Level } from '@yumops/protocol';
import { isUsual, microseconds, REQUEST_KEYS, requestPairs } from './request-pairs.ts';
import type { RequestPolicy } from './request-policy.ts';
import { isDrawn } from './request-sampling.ts';
import type { TraceContext } from './trace-context.ts';
import { userAgentFamily } from './user-agent.ts';

/** Requests that take longer are flagged, milliseconds. */
export const SLOW_REQUEST = 2000;

/** Who asks, under which ids. */
export interface RequestIdentity {
  requestId: string;
  /** Whether the id was made here: then nothing in it can be a secret. */
  ownId: boolean;
  /** What the client called it, where that is not believed. */
  clientRequestId: string | undefined;
  trace: TraceContext;
  /** The client under the application's proxy trust. */
  ip: string | undefined;
  /** The connection's other end. */
  peer: string | undefined;
  /** Whether headers of a proxy came along. */
  forwarded: boolean;
}

/** What a finished request left behind. */
export interface RequestRecord {
  identity: RequestIdentity;
  method: string;
  /** Route template. */
  endpoint: string;
  /** As requested, without query. */
  path: string;
  queryKeys: string[] | undefined;
  statusCode: number;
  /** Milliseconds by a monotonic clock. */
  duration: number;
  requestBytes: number | undefined;
  responseBytes: number | undefined;
  userId: unknown;
  userAgent: string | undefined;
  /** Name of the server action that it ran. */
  action?: string | undefined;
  aborted: boolean;
}

function decodedName(name: string): string {
  try {
    return /[%+]/.test(name) ? decodeURIComponent(name.replaceAll('+', ' ')) : name;
  } catch {
    return name;
  }
}

/** The names of a target's query parameters, each once, never their values. */
export function queryKeysOf(target: string): string[] | undefined {
  const at = target.indexOf('?');
  if (at === -1 || at === target.length - 1) {
    return undefined;
  }
  const names: string[] = [];
  for (const pair of target.slice(at + 1).split('&', 100)) {
    const equals = pair.indexOf('=');
    const name = decodedName(equals === -1 ? pair : pair.slice(0, equals)).slice(0, 64);
    if (name !== '' && names.length < 20 && !names.includes(name)) {
      names.push(name);
    }
  }
  return names;
}

/** A `content-length` as a number. */
export function lengthOf(header: unknown): number | undefined {
  const length =
    typeof header === 'number'
      ? header
      : typeof header === 'string' && /^\d+$/.test(header)
        ? Number(header)
        : undefined;
  return Number.isSafeInteger(length) ? length : undefined;
}

/** The record's fields in the order in which they are written. */
export function requestFields(record: RequestRecord, slowAfter: number): Record<string, unknown> {
  const { trace } = record.identity;
  return {
    requestId: record.identity.requestId,
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    method: record.method,
    endpoint: record.endpoint,
    path: record.path,
    queryKeys: record.queryKeys,
    statusCode: record.statusCode,
    duration: microseconds(record.duration) / 1000,
    requestBytes: record.requestBytes,
    responseBytes: record.responseBytes,
    ip: record.identity.ip,
    userId: record.userId,
    userAgent: record.userAgent,
    userAgentFamily: userAgentFamily(record.userAgent),
    clientRequestId: record.identity.clientRequestId,
    action: record.action,
    aborted: record.aborted === true ? true : undefined,
    slow: record.duration > slowAfter,
  };
}

function levelOf(statusCode: number, warns: (status: number) => boolean): Level {
  if (statusCode >= 500) return 'error';
  return warns(statusCode) ? 'warn' : 'info';
}

/** The parts of a policy that a line needs. */
type LinePolicy = Pick<RequestPolicy, 'logger' | 'slowAfter' | 'warns' | 'sampling'>;

/** The share of requests like this one that get a line; all are counted before. */
function shareOf({ sampling, slowAfter }: LinePolicy, record: RequestRecord, level: Level): number {
  if (sampling === undefined) return 1;
  sampling.metrics.count(record);
  const ordinary = level === 'info' && !record.aborted && record.duration <= slowAfter;
  return ordinary ? sampling.sampler.share(performance.now()) : 1;
}

/** Writes the one line of a request: level `error` from 500 on, `warn` where the policy says so, else `info`. */
export function logRequest(policy: LinePolicy, record: RequestRecord): void {
  const { logger, slowAfter } = policy;
  const level = levelOf(record.statusCode, policy.warns);
  const share = shareOf(policy, record, level);
  if (!isDrawn(record.identity.trace.traceId, share)) {
    return;
  }
  const message = `${record.method} ${record.endpoint} ${record.statusCode}`;
  if (share === 1 && logger.keeps(REQUEST_KEYS) && isUsual(record)) {
    logger.recordPairs(level, 'request', message, requestPairs(record, slowAfter));
  } else {
    const fields = requestFields(record, slowAfter);
    logger.record(level, 'request', message, share === 1 ? fields : { ...fields, sampleRate: share });
  }
}
