import type { IncomingMessage, ServerResponse } from 'node:http';
import { handleInRequest } from './framework-request.ts';
import { type RequestLogOptions, type RequestPolicy, requestPolicy } from './request-policy.ts';

type Next = (error?: unknown) => void;

/** What Express adds to a request once a route has matched. */
interface RoutedRequest extends IncomingMessage {
  baseUrl?: string;
  route?: { path?: unknown };
}

function expressRoute(request: RoutedRequest): string | undefined {
  const path = request.route?.path;
  return typeof path === 'string'
    ? `${request.baseUrl ?? ''}${path === '/' && request.baseUrl ? '' : path}`
    : undefined;
}

/** Express middleware that logs every request once. Use it before all other middleware: `app.use(requestLogger())`. */
export function requestLogger(options?: RequestLogOptions) {
  let policy: RequestPolicy | undefined;
  return (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    policy ??= requestPolicy(options);
    handleInRequest(
      policy,
      [request, response],
      () => expressRoute(request),
      () => next(),
    );
  };
}
