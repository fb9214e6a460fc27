import { requestEnded } from '../runtime/request-ends.ts';
import { runInScope, type Scope } from '../runtime/scope.ts';
import { identify, type RequestLogOptions, type RequestPolicy, requestPolicy, scopeOf } from './request-policy.ts';
import { lengthOf, logRequest, queryKeysOf, type RequestIdentity } from './request-record.ts';
import { guessTemplate } from './route-template.ts';

export interface FetchLogOptions extends RequestLogOptions {
  /** Address of the connection's other end, where the platform tells it. */
  peer?: (request: Request) => string | undefined;
  /** Route template of a request. */
  route?: (request: Request) => string | undefined;
}

type FetchHandler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

interface Exchange {
  policy: RequestPolicy;
  identity: RequestIdentity;
  scope: Scope;
  request: Request;
  route: string | undefined;
  startedAt: number;
}

/** Logs every request of a WHATWG handler once, when its response body has been read or given up. */
export function withFetchLog<Rest extends unknown[]>(handler: FetchHandler<Rest>, options: FetchLogOptions = {}) {
  let policy: RequestPolicy | undefined;
  return async (request: Request, ...rest: Rest): Promise<Response> => {
    policy ??= requestPolicy(options);
    const identity = identify(policy, options.peer?.(request), (name) => request.headers.get(name) ?? undefined);
    const scope = scopeOf(identity);
    const exchange = {
      policy,
      identity,
      scope,
      request,
      route: options.route?.(request),
      startedAt: performance.now(),
    };
    try {
      const response = await runInScope(scope, () => handler(request, ...rest));
      return observed(response, exchange);
    } catch (error) {
      finish(exchange, 500, 0, false);
      throw error;
    }
  };
}

function finish(exchange: Exchange, statusCode: number, responseBytes: number | undefined, aborted: boolean): void {
  const { policy, identity, scope, request } = exchange;
  const { pathname, search } = new URL(request.url);
  if (policy.ignored(pathname)) {
    return;
  }
  logRequest(policy, {
    identity,
    method: request.method,
    endpoint: scope.request?.route ?? exchange.route ?? guessTemplate(pathname),
    path: pathname,
    queryKeys: queryKeysOf(search),
    statusCode,
    duration: performance.now() - exchange.startedAt,
    requestBytes: lengthOf(request.headers.get('content-length')) ?? 0,
    responseBytes,
    userId: scope.fields.userId,
    userAgent: request.headers.get('user-agent')?.slice(0, 256),
    aborted,
  });
  requestEnded(scope, statusCode);
}

function observed(response: Response, exchange: Exchange): Response {
  if (response.status < 200) {
    finish(exchange, response.status, 0, false);
    return response;
  }
  const body =
    response.body === null
      ? null
      : counted(response.body, (bytes, aborted) => finish(exchange, response.status, bytes, aborted));
  if (body === null) {
    finish(exchange, response.status, 0, false);
  }
  const copy = new Response(body, {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
  copy.headers.set('x-request-id', exchange.identity.requestId);
  return copy;
}

/** Passes a body through at its reader's pace and tells its size once, at its end. */
function counted(
  body: ReadableStream<Uint8Array>,
  done: (bytes: number, aborted: boolean) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part = await reader.read();
          if (part.done) {
            done(bytes, false);
            controller.close();
            return;
          }
          bytes += part.value.byteLength;
          controller.enqueue(part.value);
        } catch (error) {
          done(bytes, true);
          controller.error(error);
        }
      },
      async cancel(reason) {
        done(bytes, true);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
