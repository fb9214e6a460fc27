import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { beginRequest } from '../middleware/node-request.ts';
import { type RequestLogOptions, requestPolicy } from '../middleware/request-policy.ts';
import { enterScope } from '../runtime/scope.ts';
import { shared } from '../runtime/shared.ts';

/** Internal header that carries the address of the connection's other end; a client's own is overwritten. */
export const PEER_HEADER = 'x-yumops-peer';
/** Internal header that carries the client's address under the proxy trust of this application. */
export const CLIENT_HEADER = 'x-yumops-client';

interface NextMeta {
  match?: { definition?: { pathname?: unknown; page?: unknown } };
}

const META = Symbol.for('NextInternalRequestMeta');

/** The route that Next.js itself chose, for pages, actions and handlers alike. */
function nextRoute(request: IncomingMessage): string | undefined {
  const meta = (request as { [META]?: NextMeta })[META];
  const pathname = meta?.match?.definition?.pathname;
  return typeof pathname === 'string' ? pathname : undefined;
}

/** Logs every request of every HTTP server in this process once, whatever handles it. Safe to call more than once. */
export function watchServerRequests(options: RequestLogOptions = {}): void {
  shared('server-requests', () => {
    const policy = requestPolicy(options);
    const registeredAt = performance.now();
    const begin = (request: IncomingMessage, response: ServerResponse, startedAt?: number) => {
      const scope = beginRequest(policy, request, response, startedAt);
      if (scope.request !== undefined) {
        scope.request.findRoute ??= () => nextRoute(request);
      }
      return scope;
    };
    subscribe('http.server.request.start', (message) => {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
      const scope = begin(request, response);
      request.headers[PEER_HEADER] = scope.request?.peer ?? '';
      request.headers[CLIENT_HEADER] = scope.fields.ip ?? '';
      request.headers['x-request-id'] = scope.fields.requestId ?? '';
      enterScope(scope);
    });
    // Next.js already listens while it loads the instrumentation: a request of that moment is seen only when it ends.
    subscribe('http.server.response.finish', (message) => {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
      begin(request, response, registeredAt);
    });
    return true;
  });
}
