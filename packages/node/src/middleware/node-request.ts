import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { requestEnded } from '../runtime/request-ends.ts';
import type { Scope } from '../runtime/scope.ts';
import type { HeaderLookup } from './client-address.ts';
import { isRequestId } from './request-id.ts';
import { identify, type RequestPolicy, type SentHeads, scopeOf } from './request-policy.ts';
import { lengthOf, logRequest, queryKeysOf, type RequestIdentity, type RequestRecord } from './request-record.ts';
import { guessTemplate, pathOf } from './route-template.ts';

/** Where a request carries its scope; a property costs the garbage collector less than a weak map. */
const SCOPE = Symbol.for('yumops.request.scope');

type Begun = IncomingMessage & { [SCOPE]?: Scope };

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
  const known = (request as Begun)[SCOPE];
  if (known !== undefined) {
    return known;
  }
  const { socket, headers } = request;
  const identity = knownId(identify(policy, socket.remoteAddress, lookupIn(headers), headsOf(headers)), response);
  const scope = scopeOf(identity);
  (request as Begun)[SCOPE] = scope;
  if (!response.headersSent) {
    response.setHeader('x-request-id', identity.requestId);
  }
  const path = pathOf(request.url ?? '/');
  if (!policy.ignored(path)) {
    const written = socket.bytesWritten;
    response.on('close', () => {
      const duration = performance.now() - startedAt;
      const record = recordOf(
        { request, response, scope, identity, path },
        duration,
        bodyBytes(response, socket, written),
      );
      logRequest(policy, record);
      requestEnded(scope, record.statusCode);
    });
  }
  return scope;
}

/** Looks headers up as Node has them. Returned without a name of its own, as naming a function costs more than calling it. */
function lookupIn(headers: IncomingHttpHeaders): HeaderLookup {
  return (name) => joined(headers[name]);
}

function joined(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(',') : value;
}

/** {@link headsBy} with each header by its name, which the engine reads quickest. */
function headsOf(headers: IncomingHttpHeaders): SentHeads {
  return {
    requestId: joined(headers['x-request-id']),
    traceparent: joined(headers['traceparent']),
    tracestate: joined(headers['tracestate']),
    forwarded:
      headers['x-forwarded-for'] !== undefined ||
      headers['x-forwarded-host'] !== undefined ||
      headers['x-forwarded-proto'] !== undefined ||
      headers['x-real-ip'] !== undefined ||
      headers.forwarded !== undefined ||
      headers.via !== undefined ||
      headers['cf-connecting-ip'] !== undefined,
  };
}

/** Where the response has left already, the id that it carried is the request's. */
function knownId(identity: RequestIdentity, response: ServerResponse): RequestIdentity {
  const sent = response.headersSent ? response.getHeader('x-request-id') : undefined;
  return isRequestId(sent) ? { ...identity, requestId: sent, ownId: false } : identity;
}

/** What Node keeps of a response: its head as text, the length that the head declares, and whether a body may follow. */
interface Sent {
  _header?: unknown;
  _contentLength?: unknown;
  _hasBody?: unknown;
}

/**
 * Size of a response's body: as declared, otherwise what went over the wire without the head.
 * @param before bytes that the connection had written when the request began
 */
function bodyBytes(response: ServerResponse, socket: Socket, before: number): number {
  const { _header: head, _contentLength: declared, _hasBody: hasBody } = response as Sent;
  if (hasBody === true && typeof declared === 'number') {
    return declared;
  }
  const headBytes = typeof head === 'string' ? head.length : 0;
  return lengthOf(response.getHeader('content-length')) ?? Math.max(0, socket.bytesWritten - before - headBytes);
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
    identity,
    method: request.method ?? 'GET',
    endpoint: scope.request?.route ?? scope.request?.findRoute?.() ?? guessTemplate(path),
    path,
    queryKeys: queryKeysOf(request.url ?? ''),
    statusCode: response.headersSent ? response.statusCode : 499,
    duration,
    requestBytes: lengthOf(request.headers['content-length']) ?? 0,
    responseBytes,
    userId: scope.fields.userId,
    userAgent: request.headers['user-agent']?.slice(0, 256),
    action: scope.request?.action,
    aborted: !response.writableFinished,
  };
}
