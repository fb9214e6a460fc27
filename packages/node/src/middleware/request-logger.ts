import { currentScope } from '../runtime/scope.ts';
import { identify, type RequestLogOptions, requestPolicy } from './request-policy.ts';
import { lengthOf, logRequest, queryKeysOf } from './request-record.ts';
import { guessTemplate } from './route-template.ts';

export interface RequestLog {
  requestId: string;
  /** Writes the request's line, unless a server's instrumentation does, and puts `x-request-id` on the response. @returns the response */
  logResponse<Result extends Response>(response: Result): Result;
}

function setRequestId(response: Response, requestId: string): void {
  try {
    response.headers.set('x-request-id', requestId);
  } catch {
    // Headers of a redirect or of a fetched response cannot be changed.
  }
}

/**
 * The guide's request logger for handlers that are written by hand: call it first, pass the response through `logResponse` last. Prefer a
 * wrapper, which also sees handlers that throw.
 */
export function requestLogger(request: Request, options?: RequestLogOptions): RequestLog {
  const startedAt = performance.now();
  const scope = currentScope();
  const known = scope?.request === undefined ? undefined : scope.fields.requestId;
  if (known !== undefined) {
    return {
      requestId: known,
      logResponse(response) {
        setRequestId(response, known);
        return response;
      },
    };
  }
  const policy = requestPolicy(options);
  const identity = identify(policy, undefined, (name) => request.headers.get(name) ?? undefined);
  const { pathname, search } = new URL(request.url);
  return {
    requestId: identity.requestId,
    logResponse(response) {
      const record = {
        identity,
        method: request.method,
        endpoint: guessTemplate(pathname),
        path: pathname,
        queryKeys: queryKeysOf(search),
        statusCode: response.status,
        duration: performance.now() - startedAt,
        requestBytes: lengthOf(request.headers.get('content-length')) ?? 0,
        responseBytes: lengthOf(response.headers.get('content-length')),
        userAgent: request.headers.get('user-agent')?.slice(0, 256),
        userId: undefined,
        aborted: false,
      };
      logRequest(policy, record);
      setRequestId(response, identity.requestId);
      return response;
    },
  };
}
