import { currentClient } from './current.ts';

/** What frameworks put on an error to say how they will answer it. */
interface Answered {
  status?: unknown;
  statusCode?: unknown;
}

export interface ErrorHandlerOptions {
  /** Which errors are sent; default those that are answered with a status from 500 on. */
  shouldHandleError?: (error: unknown) => boolean;
}

function isOfServer(error: unknown): boolean {
  const { status, statusCode } = (error ?? {}) as Answered;
  const code = Number(status ?? statusCode ?? 500);
  return !(code >= 100 && code < 500);
}

function capture(error: unknown, type: string, { shouldHandleError = isOfServer }: ErrorHandlerOptions): void {
  if (shouldHandleError(error)) currentClient()?.captureException(error, {}, { type, handled: false });
}

/** Error middleware of Express that sends what routes throw, and leaves the answer to whoever comes after it. Use it after the routes. */
export function expressErrorHandler(options: ErrorHandlerOptions = {}) {
  return (error: unknown, _request: unknown, _response: unknown, next: (error: unknown) => void): void => {
    capture(error, 'express', options);
    next(error);
  };
}

/** As `app.use(expressErrorHandler())`. Call it after the routes. */
export function setupExpressErrorHandler(
  app: { use: (...args: never[]) => unknown },
  options?: ErrorHandlerOptions,
): void {
  (app.use as (handler: ReturnType<typeof expressErrorHandler>) => unknown)(expressErrorHandler(options));
}

type OnError = (request: unknown, reply: unknown, error: unknown, done: () => void) => void;

/** Sends what routes of a Fastify application throw. Call it before they are registered. */
export function setupFastifyErrorHandler(
  app: { addHook: (...args: never[]) => unknown },
  options: ErrorHandlerOptions = {},
): void {
  const onError: OnError = (_request, _reply, error, done) => {
    capture(error, 'fastify', options);
    done();
  };
  (app.addHook as (name: string, hook: OnError) => unknown)('onError', onError);
}
