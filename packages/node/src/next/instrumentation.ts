import { currentClient } from '../errors/current.ts';
import { logger } from '../logging/default-logger.ts';
import type { RequestLogOptions } from '../middleware/request-policy.ts';
import { pathOf } from '../middleware/route-template.ts';
import type { ConfigureOptions } from '../runtime/pipeline.ts';
import { start } from '../runtime/start.ts';
import { watchServerRequests } from './server-requests.ts';

export type RegisterOptions = ConfigureOptions & { requests?: RequestLogOptions };

/**
 * For `instrumentation.ts`: `export { register, onRequestError } from '@yumops/node/next'`. Logs every request of the Node runtime once,
 * reports outbound calls and samples the runtime.
 */
export function register(options: RegisterOptions = {}): void {
  const { requests, ...settings } = options;
  start(settings);
  watchServerRequests(requests);
}

/** What Next.js tells about a request whose handling threw. */
export interface RequestErrorInfo {
  path: string;
  method: string;
  headers?: Record<string, string | string[] | undefined>;
}

/** Where the error came from. */
export interface RequestErrorContext {
  routerKind?: string;
  routePath?: string;
  routeType?: string;
  renderSource?: string;
  revalidateReason?: string;
}

/** For `instrumentation.ts`: writes an error that Next.js caught, with its route and request id. */
export function onRequestError(error: unknown, request: RequestErrorInfo, context: RequestErrorContext): void {
  currentClient()?.captureException(
    error,
    { tags: { route: context.routePath ?? pathOf(request.path), method: request.method } },
    { type: 'nextjs', handled: false },
  );
  const requestId = request.headers?.['x-request-id'];
  logger.error('Unhandled request error', error, {
    method: request.method,
    endpoint: context.routePath ?? pathOf(request.path),
    path: pathOf(request.path),
    routeType: context.routeType,
    renderSource: context.renderSource,
    digest: (error as { digest?: unknown } | null)?.digest,
    ...(typeof requestId === 'string' ? { requestId } : {}),
  });
}
