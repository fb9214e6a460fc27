import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasForwardedHeader } from '../middleware/request-policy.ts';
import { currentScope } from '../runtime/scope.ts';

/** What an endpoint answers, before a framework's own form is made of it. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Who asks, and what for. */
export interface Caller {
  query: URLSearchParams;
  header(name: string): string | undefined;
  /** Address of the connection's other end; undefined where it is not seen, or a proxy stands between. */
  direct: string | undefined;
}

/** The context of Hono, or what SvelteKit, Remix and Astro hand over. */
type HoldsRequest = { req: { raw: Request } } | { request: Request };

/** The parts of Koa's context and of Fastify's reply that are written to. */
interface KoaContext {
  req: IncomingMessage;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): unknown;
}
interface FastifyReply {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: string): unknown;
}

/**
 * One handler for all frameworks: `export const GET = endpoint` of Next.js and other WHATWG handlers, `app.get(path, endpoint)` of
 * Express, Hono and Fastify, `router.get(path, endpoint)` of Koa, the Pages API, and `endpoint(request, response)` of a plain server.
 */
export interface HealthEndpoint {
  (held: HoldsRequest): Promise<Response>;
  (request: IncomingMessage, response: ServerResponse): Promise<void>;
  (request: { raw: IncomingMessage }, reply: FastifyReply): Promise<void>;
  (context: KoaContext): Promise<void>;
  // The last: the checks of types that Next.js generates read no other.
  (request?: Request): Promise<Response>;
}

type Given = Partial<Record<'raw' | 'req' | 'request', unknown>> | undefined;

function isWhatwg(one: unknown): one is Request {
  return typeof (one as Request | undefined)?.headers?.get === 'function';
}

function isNode(one: unknown): one is IncomingMessage {
  return typeof one === 'object' && one !== null && 'socket' in one && 'headers' in one;
}

/** The request itself, whatever holds it. */
function requestIn(given: Given): Request | IncomingMessage | undefined {
  const { raw, req, request } = given ?? {};
  const held = [given, raw, (req as Given)?.raw, req, request];
  return held.find(isWhatwg) ?? held.find(isNode);
}

function callerOf(request: Request | IncomingMessage | undefined): Caller {
  const header = (name: string): string | undefined => {
    if (request === undefined) return undefined;
    const value = isWhatwg(request) ? request.headers.get(name) : request.headers[name];
    return value?.toString();
  };
  const query = new URLSearchParams(/\?([^#]*)/.exec(request?.url ?? '')?.[1] ?? '');
  // Some frameworks add a proxy's headers by themselves: whoever saw the connection first knows better.
  const seen = currentScope()?.request;
  const peer = isNode(request) ? request.socket.remoteAddress : undefined;
  const direct = seen === undefined ? !hasForwardedHeader(header) && peer : !seen.forwarded && seen.peer;
  return { query, header, direct: direct || undefined };
}

function write(given: Given, response: unknown, { status, headers, body }: Answer): Response | undefined {
  const { code, headers: setHeaders } = (response ?? {}) as Partial<FastifyReply>;
  const { set } = (given ?? {}) as Partial<KoaContext>;
  if (typeof code === 'function' && typeof setHeaders === 'function') {
    const reply = response as FastifyReply;
    reply.code(status);
    reply.headers(headers);
    reply.send(body);
  } else if (typeof (response as ServerResponse | undefined)?.writeHead === 'function') {
    const target = response as ServerResponse;
    target.statusCode = status;
    for (const [name, value] of Object.entries(headers)) target.setHeader(name, value);
    target.end(body);
  } else if (typeof set === 'function' && isNode((given as KoaContext).req)) {
    const context = given as KoaContext;
    context.status = status;
    context.set(headers);
    context.body = body;
  } else {
    return new Response(body, { status, headers });
  }
  return undefined;
}

/** Makes an endpoint for all frameworks of what answers a caller. */
export function endpointOf(answer: (caller: Caller) => Promise<Answer>): HealthEndpoint {
  const endpoint = async (given?: Given, response?: unknown) =>
    write(given, response, await answer(callerOf(requestIn(given))));
  return endpoint as HealthEndpoint;
}
