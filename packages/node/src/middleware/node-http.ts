import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { runInScope } from '../runtime/scope.ts';
import { beginRequest } from './node-request.ts';
import { type RequestLogOptions, type RequestPolicy, requestPolicy } from './request-policy.ts';

/** Logs every request of a plain `http` listener once: `createServer(withRequestLog(listener))`. */
export function withRequestLog(listener: RequestListener, options?: RequestLogOptions): RequestListener {
  let policy: RequestPolicy | undefined;
  return (request: IncomingMessage, response: ServerResponse) => {
    policy ??= requestPolicy(options);
    runInScope(beginRequest(policy, request, response), () =>
      listener(request, response as Parameters<RequestListener>[1]),
    );
  };
}
