import { withFetchLog } from '../middleware/fetch-handler.ts';
import { type RouteParams, templateFromParams } from '../middleware/route-template.ts';
import { currentScope } from '../runtime/scope.ts';

/** The second argument that Next.js gives to a route handler. */
export interface RouteContext {
  params?: Promise<RouteParams> | RouteParams;
}

type RouteHandler<Request_ extends Request, Context> = (
  request: Request_,
  context: Context,
) => Response | Promise<Response>;

/**
 * Wraps a route handler: `export const GET = withRequestLog(async (request) => …)`. It adds the route template to the request's line; the
 * line itself is written by the instrumentation, or by this wrapper where that does not run.
 * @param route the template, where it cannot be worked out from the parameters
 */
export function withRequestLog<Request_ extends Request, Context extends RouteContext | undefined = RouteContext>(
  handler: RouteHandler<Request_, Context>,
  route?: string,
): RouteHandler<Request_, Context> {
  const logged = withFetchLog<[Context]>(async (request, context) => named(request as Request_, context));
  const named = async (request: Request_, context: Context) => {
    const seen = currentScope()?.request;
    if (seen !== undefined) {
      seen.route = route ?? templateFromParams(new URL(request.url).pathname, (await context?.params) ?? {});
    }
    return handler(request, context);
  };
  return (request, context) =>
    currentScope()?.request === undefined ? logged(request, context) : named(request, context);
}
