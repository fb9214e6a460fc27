import type { IncomingMessage, ServerResponse } from 'node:http';
import { handleInRequest } from './framework-request.ts';
import { type RequestLogOptions, type RequestPolicy, requestPolicy } from './request-policy.ts';

/** What is used of Koa's context; routers leave the route that matched on it. */
interface KoaContext {
  req: IncomingMessage;
  res: ServerResponse;
}

function routeOf(context: KoaContext): string | undefined {
  const { _matchedRoute: route } = context as { _matchedRoute?: unknown };
  return typeof route === 'string' ? route : undefined;
}

/** Koa middleware that logs every request once. Use it before all other middleware: `app.use(requestLogger())`. */
export function requestLogger(options?: RequestLogOptions) {
  let policy: RequestPolicy | undefined;
  return (context: KoaContext, next: () => Promise<unknown>): Promise<unknown> => {
    policy ??= requestPolicy(options);
    return handleInRequest(policy, [context.req, context.res], () => routeOf(context), next);
  };
}
