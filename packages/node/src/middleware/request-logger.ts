import type { IncomingMessage, ServerResponse } from 'node:http';
import { logger as defaultLogger } from '../logging/default-logger.ts';
import type { Logger } from '../logging/logger.ts';
import { pipeline } from '../runtime/pipeline.ts';
import type { Scope } from '../runtime/scope.ts';
import { shared } from '../runtime/shared.ts';
import {
  type AddressResolver,
  addressResolver,
  normaliseAddress,
  type ProxyTrust,
  parseProxyTrust,
} from './client-address.ts';
import { ignoreTest } from './ignore-list.ts';
import { isRequestId, newRequestId } from './request-id.ts';
import { lengthOf, logRequest, queryKeysOf, type RequestRecord, SLOW_REQUEST } from './request-record.ts';
import { guessTemplate, pathOf } from './route-template.ts';
import { type TraceContext, traceOf } from './trace-context.ts';

export interface RequestLogOptions {
  logger?: Logger;
  /** Whose forwarded headers are believed; default `YUMOPS_TRUST_PROXY`, then nobody's. */
  trustProxy?: ProxyTrust;
  /** Further paths, with all below them, or patterns that are not logged. Assets and health checks never are. */
  ignore?: readonly (string | RegExp)[];
  /** A request is flagged `slow` above this, milliseconds; default 2,000. */
  slowAfter?: number;
}

/** Options, completed and prepared once. */
export interface RequestPolicy {
  logger: Logger;
  trust: ProxyTrust;
  resolve: AddressResolver;
  ignored: (path: string) => boolean;
  slowAfter: number;
}

export function requestPolicy(options: RequestLogOptions = {}): RequestPolicy {
  const trust = options.trustProxy ?? parseProxyTrust(pipeline().settings.trustProxy);
  return {
    logger: options.logger ?? defaultLogger,
    trust,
    resolve: addressResolver(trust),
    ignored: ignoreTest(options.ignore),
    slowAfter: options.slowAfter ?? SLOW_REQUEST,
  };
}

/** Identity of a request: who asks, under which ids. */
export interface RequestIdentity {
  requestId: string;
  clientRequestId: string | undefined;
  trace: TraceContext;
  ip: string | undefined;
  peer: string | undefined;
  forwarded: boolean;
}

const FORWARDING = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via', 'cf-connecting-ip'];

/** Works out a request's ids and client. A client's own request id is used only when it comes through a trusted proxy. */
export function identify(
  policy: RequestPolicy,
  peer: string | undefined,
  header: (name: string) => string | undefined,
): RequestIdentity {
  const ip = policy.resolve(peer, header);
  const sent = header('x-request-id');
  const viaProxy = policy.trust !== false && (!Array.isArray(policy.trust) || ip !== normaliseAddress(peer));
  const accepted = viaProxy && isRequestId(sent);
  return {
    requestId: accepted ? sent : newRequestId(Date.now()),
    clientRequestId: !accepted && isRequestId(sent) ? sent : undefined,
    trace: traceOf(header('traceparent')),
    ip,
    peer,
    forwarded: FORWARDING.some((name) => header(name) !== undefined),
  };
}

export function scopeOf(identity: RequestIdentity): Scope {
  const { requestId, ip, trace, peer, forwarded } = identity;
  const fields = { requestId, traceId: trace.traceId, spanId: trace.spanId };
  return {
    fields: ip === undefined ? fields : { ...fields, ip },
    request: { route: undefined, peer, forwarded },
    written: undefined,
  };
}

const begun = shared('begun-requests', () => new WeakMap<IncomingMessage, Scope>());

/**
 * Begins the one log line of a request on a Node server: gives it an id, puts `x-request-id` on the response and writes the line when
 * the response has ended or its connection is gone. A second call for the same request changes nothing.
 * @param startedAt monotonic time, milliseconds
 * @returns the request's scope, to run its handlers in
 */
export function beginRequest(
  policy: RequestPolicy,
  request: IncomingMessage,
  response: ServerResponse,
  startedAt = performance.now(),
): Scope {
  const known = begun.get(request);
  if (known !== undefined) {
    return known;
  }
  const { socket, headers } = request;
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.join(',');
  };
  const identity = knownId(identify(policy, socket.remoteAddress, header), response);
  const scope = scopeOf(identity);
  begun.set(request, scope);
  if (!response.headersSent) {
    response.setHeader('x-request-id', identity.requestId);
  }
  const path = pathOf(request.url ?? '/');
  if (!policy.ignored(path)) {
    const written = socket.bytesWritten;
    response.once('close', () => {
      const exchange = { request, response, scope, identity, path };
      const bytes = bodyBytes(response, socket.bytesWritten - written);
      logRequest(policy.logger, recordOf(exchange, performance.now() - startedAt, bytes), policy.slowAfter);
    });
  }
  return scope;
}

/** Where the response has left already, the id that it carried is the request's. */
function knownId(identity: RequestIdentity, response: ServerResponse): RequestIdentity {
  const sent = response.headersSent ? response.getHeader('x-request-id') : undefined;
  return isRequestId(sent) ? { ...identity, requestId: sent } : identity;
}

/** Size of a response's body: as declared, otherwise what went over the wire without the head. */
function bodyBytes(response: ServerResponse, sent: number): number {
  const head = (response as { _header?: unknown })._header;
  const headBytes = typeof head === 'string' ? head.length : 0;
  return lengthOf(response.getHeader('content-length')) ?? Math.max(0, sent - headBytes);
}

interface NodeExchange {
  request: IncomingMessage;
  response: ServerResponse;
  scope: Scope;
  identity: RequestIdentity;
  path: string;
}

function recordOf(
  { request, response, scope, identity, path }: NodeExchange,
  duration: number,
  responseBytes: number,
): RequestRecord {
  return {
    ...idsOf(identity),
    method: request.method ?? 'GET',
    endpoint: scope.request?.route ?? scope.request?.findRoute?.() ?? guessTemplate(path),
    path,
    queryKeys: queryKeysOf(request.url ?? ''),
    statusCode: response.headersSent ? response.statusCode : 499,
    duration,
    requestBytes: lengthOf(request.headers['content-length']) ?? 0,
    responseBytes,
    ip: identity.ip,
    userId: scope.fields.userId,
    userAgent: request.headers['user-agent']?.slice(0, 256),
    clientRequestId: identity.clientRequestId,
    aborted: response.writableFinished ? undefined : true,
  };
}

/** An identity as fields of a record. */
export function idsOf({ requestId, trace }: RequestIdentity) {
  return { requestId, traceId: trace.traceId, spanId: trace.spanId, parentSpanId: trace.parentSpanId };
}
