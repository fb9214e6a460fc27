/** The edge runtime has neither sockets nor samples: the Node runtime in front of it logs its requests. */
export function register(): void {}

/** Writes an error that Next.js caught in the edge runtime to the platform's log. */
export function onRequestError(
  error: unknown,
  request: { path: string; method: string },
  context: { routePath?: string },
): void {
  const thrown =
    error instanceof Error
      ? { name: error.name, message: error.message, stack: error.stack }
      : { message: String(error) };
  const record = {
    timestamp: new Date().toISOString(),
    level: 'error',
    message: 'Unhandled request error',
    method: request.method,
    endpoint: context.routePath,
    error: thrown,
  };
  console.error(JSON.stringify(record));
}

/** The client's address is not known in the edge runtime. */
export function clientAddress(): undefined {
  return undefined;
}

/** In the edge runtime a route handler runs as it is. */
export function withRequestLog<Handler>(handler: Handler): Handler {
  return handler;
}

/** In the edge runtime a handler of `pages/api` runs as it is. */
export function withApiLog<Handler>(handler: Handler): Handler {
  return handler;
}

/** In the edge runtime a server action runs as it is. */
export function withActionLog<Action>(_name: string, action: Action): Action {
  return action;
}

export { refuseBlocked, withProxyLog } from './proxy.ts';
