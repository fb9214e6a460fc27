import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '../runtime/scope.ts';
import { isRequestId } from './request-id.ts';
import { identify, type RequestPolicy, scopeOf } from './request-policy.ts';
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
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.join(',');
  };
  const identity = knownId(identify(policy, socket.remoteAddress, header), response);
  const scope = scopeOf(identity);
  (request as Begun)[SCOPE] = scope;
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
