import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentScope } from '../runtime/scope.ts';
import { type FetchLogOptions, withFetchLog } from './fetch-handler.ts';
import { handleInRequest } from './framework-request.ts';
import { type RequestPolicy, requestPolicy } from './request-policy.ts';

/** What is used of Hono's context. */
interface HonoContext {
  req: { raw: Request; routePath: string };
  res: Response;
  env: unknown;
}

/** What Hono's server for Node hands to the application. */
interface NodeBindings {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

function nodeBindings(env: unknown): NodeBindings | undefined {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodeBindings>;
  return incoming?.socket !== undefined && outgoing !== undefined ? { incoming, outgoing } : undefined;
}

/** The path of the last handler; a wildcard names middleware, not a route. */
function routeOf(context: HonoContext): string | undefined {
  const { routePath } = context.req;
  return routePath.endsWith('*') ? undefined : routePath;
}

/** Hono middleware that logs every request once, on Node's own server and on any other. Use it first: `app.use(requestLogger())`. */
export function requestLogger(options: FetchLogOptions = {}) {
  let policy: RequestPolicy | undefined;
  const logged = withFetchLog(async (_request: Request, context: HonoContext, next: () => Promise<void>) => {
    await next();
    const seen = currentScope()?.request;
    if (seen !== undefined) {
      seen.route ??= routeOf(context);
    }
    return context.res;
  }, options);
  return async (context: HonoContext, next: () => Promise<void>): Promise<void> => {
    const node = nodeBindings(context.env);
    if (node === undefined) {
      context.res = await logged(context.req.raw, context, next);
      return;
    }
    policy ??= requestPolicy(options);
    await handleInRequest(policy, [node.incoming, node.outgoing], () => routeOf(context), next);
  };
}
