import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { isOwnRequest } from '../transport/http-post.ts';
import { pipeline } from './pipeline.ts';
import { providerOf } from './providers.ts';
import { currentScope, type ScopeFields } from './scope.ts';

/** One finished call to another service. */
interface OutboundCall {
  host: string;
  method: string;
  startedAt: number;
  scope: ScopeFields | undefined;
}

/** The part of undici's request that its diagnostics channels promise. */
interface UndiciRequest {
  origin: string | URL;
  method: string;
}

type Outcome = { statusCode: number } | { error: unknown };

const TIMEOUT_CODES = new Set([
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

function failureOf(outcome: Outcome): { failed: boolean; reason?: string } {
  if ('statusCode' in outcome) {
    const { statusCode } = outcome;
    if (statusCode === 429) {
      return { failed: true, reason: 'rate_limited' };
    }
    return statusCode >= 500 ? { failed: true, reason: 'server_error' } : { failed: false };
  }
  // Whatever a caller aborted with arrives here; a listener that throws would end the application.
  const { name, code } = (outcome.error ?? {}) as { name?: string; code?: string };
  if (name === 'TimeoutError' || TIMEOUT_CODES.has(code ?? '')) {
    return { failed: true, reason: 'timeout' };
  }
  return name === 'AbortError' ? { failed: false, reason: 'cancelled' } : { failed: true, reason: 'network' };
}

function report(call: OutboundCall, outcome: Outcome): void {
  const { telemetry, settings } = pipeline();
  const provider = providerOf(call.host, settings.providers);
  const failure = failureOf(outcome);
  telemetry.record(failure.failed ? 'warn' : 'info', 'outbound', `${call.method} ${provider}`, {
    provider,
    host: call.host,
    method: call.method,
    statusCode: 'statusCode' in outcome ? outcome.statusCode : undefined,
    duration: Math.round((performance.now() - call.startedAt) * 1000) / 1000,
    ...failure,
    requestId: call.scope?.requestId,
    traceId: call.scope?.traceId,
    spanId: call.scope?.spanId,
  });
}

const hostOf = (origin: string | URL) => new URL(origin).host;

/**
 * Reports every call that `fetch` and `node:http(s)` make to other services: who, how long until the answer's headers, failed or not.
 * Never a path, a query or a header. The SDK's own deliveries are left out.
 * @returns a function that stops it
 */
export function watchOutboundCalls(): () => void {
  const calls = new WeakMap<object, OutboundCall>();
  const begin = (request: object, host: string, method: string) =>
    calls.set(request, { host, method, startedAt: performance.now(), scope: currentScope()?.fields });
  const end = (request: object, outcome: Outcome) => {
    const call = calls.get(request);
    if (call !== undefined) {
      calls.delete(request);
      report(call, outcome);
    }
  };
  const listeners: [string, (message: unknown) => void][] = [
    [
      'undici:request:create',
      (message) => {
        const { request } = message as { request: UndiciRequest };
        begin(request, hostOf(request.origin), request.method);
      },
    ],
    [
      'undici:request:headers',
      (message) => {
        const { request, response } = message as { request: object; response: { statusCode: number } };
        end(request, { statusCode: response.statusCode });
      },
    ],
    [
      'undici:request:error',
      (message) => {
        const { request, error } = message as { request: object; error: unknown };
        end(request, { error });
      },
    ],
    [
      'http.client.request.start',
      (message) => {
        const { request } = message as { request: ClientRequest };
        if (!isOwnRequest(request)) {
          begin(request, String(request.getHeader('host') ?? request.host), request.method);
        }
      },
    ],
    [
      'http.client.response.finish',
      (message) => {
        const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
        end(request, { statusCode: response.statusCode ?? 0 });
      },
    ],
    [
      'http.client.request.error',
      (message) => {
        const { request, error } = message as { request: ClientRequest; error: unknown };
        end(request, { error });
      },
    ],
  ];
  for (const [channel, listener] of listeners) {
    subscribe(channel, listener);
  }
  return () => {
    for (const [channel, listener] of listeners) {
      unsubscribe(channel, listener);
    }
  };
}
