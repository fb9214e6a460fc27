import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { traceparent } from '../errors/traceparent.ts';
import { isOwnRequest } from '../transport/http-post.ts';
import { hasTracer } from './open-telemetry.ts';
import { pipeline } from './pipeline.ts';
import { isPrivateAddress } from './private-address.ts';

/** A host (`api.example.com`, with or without port), hosts below one (`*.example.com`), an origin, `*`, or a pattern of origins. */
export type Destination = string | RegExp;

/** The part of undici's request that its diagnostics channels promise. */
interface UndiciRequest {
  origin: string | URL;
  method: string;
  /** Names and values in turn; before version 6 the head as text. */
  headers?: string | readonly unknown[];
  addHeader?(name: string, value: string): void;
}

const HEADER = 'traceparent';
/** Names that only one's own network resolves. */
const OWN_NAME = /^[^.]+$|\.(?:internal|local|localhost)$/;

function fits(url: URL, wanted: Destination): boolean {
  if (wanted instanceof RegExp) {
    // Unlike `test` it does not go on where a global pattern found something before.
    return url.origin.search(wanted) >= 0;
  }
  const text = wanted.trim().toLowerCase();
  if (text.startsWith('*.')) {
    return url.hostname.endsWith(text.slice(1));
  }
  return text === '*' || [url.origin, url.host, url.hostname].includes(text.replace(/\/+$/, ''));
}

/** Whether a trace is carried on to an origin: where that is not said, to what only the application's own network can reach. */
export function isDestination(origin: string | URL, wanted: readonly Destination[] | undefined): boolean {
  if (!URL.canParse(String(origin))) {
    return false;
  }
  const url = new URL(origin);
  return wanted === undefined
    ? isPrivateAddress(url.hostname) || (OWN_NAME.test(url.hostname) && !url.hostname.startsWith('['))
    : wanted.some((one) => fits(url, one));
}

/** What a call to an origin is to carry. OpenTelemetry, where it traces, writes the header by itself. */
function headerFor(origin: () => string | URL): string | undefined {
  const value = hasTracer() ? undefined : traceparent();
  return value !== undefined && isDestination(origin(), pipeline().settings.propagateTo) ? value : undefined;
}

/** Where a request goes: the connection's other end, whatever its `host` header says. */
function originOf(request: ClientRequest): string {
  const { host, protocol } = request;
  const port = /:\d+$/.exec(String(request.getHeader('host') ?? ''))?.[0] ?? '';
  return `${protocol}//${host.includes(':') ? `[${host}]` : host}${port}`;
}

function mark(request: ClientRequest): void {
  try {
    if (request.headersSent || request.hasHeader(HEADER) || isOwnRequest(request)) {
      return;
    }
    const value = headerFor(() => originOf(request));
    if (value !== undefined) {
      request.setHeader(HEADER, value);
    }
  } catch {
    // A call is worth more than its trace.
  }
}

function markUndici({ request }: { request: UndiciRequest }): void {
  try {
    const { headers = [] } = request;
    const known =
      typeof headers === 'string'
        ? /^traceparent:/im.test(headers)
        : headers.some((part, index) => index % 2 === 0 && String(part).toLowerCase() === HEADER);
    const value = known || request.method === 'CONNECT' ? undefined : headerFor(() => request.origin);
    if (value !== undefined) {
      request.addHeader?.(HEADER, value);
    }
  } catch {
    // As above.
  }
}

type Method = (this: ClientRequest, ...args: unknown[]) => unknown;

/**
 * The head of a request leaves with the first of these calls. No channel of Node 20 tells of a request before that, and its functions
 * `request` and `get` cannot be replaced where they were imported by name.
 */
function wrapClientRequest(): () => void {
  const prototype = process.getBuiltinModule('node:http').ClientRequest.prototype as unknown as Record<string, Method>;
  const undo = ['end', 'write', 'flushHeaders'].map((name) => {
    const own = Object.getOwnPropertyDescriptor(prototype, name);
    const original = prototype[name] as Method;
    const marked: Method = function (...args) {
      mark(this);
      return original.apply(this, args);
    };
    Object.defineProperty(prototype, name, { value: marked, configurable: true, writable: true });
    return () => {
      if (own === undefined) delete prototype[name];
      else Object.defineProperty(prototype, name, own);
    };
  });
  return () => {
    for (const restore of undo) restore();
  };
}

/**
 * Puts `traceparent` on what `fetch` and `node:http(s)` send within a request, to the destinations of `propagateTo`. One that is there
 * already stays.
 * @returns a function that stops it
 */
export function carryTraces(): () => void {
  const onCreate = (message: unknown) => markUndici(message as { request: UndiciRequest });
  const unwrap = wrapClientRequest();
  subscribe('undici:request:create', onCreate);
  return () => {
    unsubscribe('undici:request:create', onCreate);
    unwrap();
  };
}
