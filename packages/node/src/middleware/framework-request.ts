import type { IncomingMessage, ServerResponse } from 'node:http';
import { runInScope } from '../runtime/scope.ts';
import { beginRequest } from './node-request.ts';
import type { RequestPolicy } from './request-policy.ts';

/**
 * Begins the log line of a request that a framework handles on a Node server, and goes on inside the request's scope.
 * @param findRoute asks the framework for the route template when the request has ended
 */
export function handleInRequest<Result>(
  policy: RequestPolicy,
  [request, response]: readonly [IncomingMessage, ServerResponse],
  findRoute: () => string | undefined,
  next: () => Result,
): Result {
  const scope = beginRequest(policy, request, response);
  if (scope.request !== undefined) {
    scope.request.findRoute = findRoute;
  }
  return runInScope(scope, next);
}
