import type { IncomingMessage, ServerResponse } from 'node:http';
import { beginRequest } from '../middleware/node-request.ts';
import { type RequestLogOptions, type RequestPolicy, requestPolicy } from '../middleware/request-policy.ts';
import { runInScope } from '../runtime/scope.ts';

type ApiHandler<Request_ extends IncomingMessage, Response_ extends ServerResponse> = (
  request: Request_,
  response: Response_,
) => unknown;

/**
 * Wraps a handler of `pages/api`: `export default withApiLog(handler, '/api/orders/[id]')`. It adds the route template to the request's
 * line; the line itself is written by the instrumentation, or by this wrapper where that does not run.
 * @param route the template, where Next.js does not tell it
 */
export function withApiLog<Request_ extends IncomingMessage, Response_ extends ServerResponse>(
  handler: ApiHandler<Request_, Response_>,
  route?: string,
  options?: RequestLogOptions,
): ApiHandler<Request_, Response_> {
  let policy: RequestPolicy | undefined;
  return (request, response) => {
    policy ??= requestPolicy(options);
    const scope = beginRequest(policy, request, response);
    if (scope.request !== undefined && route !== undefined) {
      scope.request.route = route;
    }
    return runInScope(scope, () => handler(request, response));
  };
}
