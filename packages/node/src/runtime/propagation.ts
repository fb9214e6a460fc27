import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { traceHeaders } from '../errors/traceparent.ts';
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

/** What a call to an origin is to carry. OpenTelemetry, where it traces, writes the headers by itself. @param has whether a header is there */
function headersFor(origin: () => string | URL, has: (name: string) => boolean): [name: string, value: string][] {
  const headers = hasTracer() || has(HEADER) ? [] : traceHeaders().filter(([name]) => !has(name));
  return headers.length > 0 && isDestination(origin(), pipeline().settings.propagateTo) ? headers : [];
}

/** Where a request goes: the connection's other end, whatever its `host` header says. */
function originOf({ host, protocol }: ClientRequest, hostHeader: unknown): string {
  const port = /:\d+$/.exec(String(hostHeader ?? ''))?.[0] ?? '';
  return `${protocol}//${host.includes(':') ? `[${host}]` : host}${port}`;
}

function mark(request: ClientRequest): void {
  try {
    if (request.headersSent || isOwnRequest(request)) {
      return;
    }
    const origin = () => originOf(request, request.getHeader('host'));
    for (const [name, value] of headersFor(origin, (header) => request.hasHeader(header))) {
      request.setHeader(name, value);
    }
  } catch {
    // A call is worth more than its trace.
  }
}

/** Headers that were given as an array, with those of the trace: names and values in turn, or pairs of them. */
function marked(request: ClientRequest, given: readonly unknown[]): readonly unknown[] {
  try {
    const isPaired = Array.isArray(given[0]);
    const pairs = isPaired
      ? (given as [unknown, unknown][])
      : given.flatMap((name, index) => (index % 2 === 0 ? [[name, given[index + 1]]] : []));
    const named = (header: string) => pairs.find(([name]) => String(name).toLowerCase() === header);
    const origin = () => originOf(request, named('host')?.[1]);
    const headers = headersFor(origin, (header) => named(header) !== undefined);
    return isPaired ? [...given, ...headers] : [...given, ...headers.flat()];
  } catch {
    return given;
  }
}

function markUndici({ request }: { request: UndiciRequest }): void {
  try {
    const { headers = [] } = request;
    if (request.method === 'CONNECT') {
      return;
    }
    const has = (header: string) =>
      typeof headers === 'string'
        ? new RegExp(`^${header}:`, 'im').test(headers)
        : headers.some((part, index) => index % 2 === 0 && String(part).toLowerCase() === header);
    for (const [name, value] of headersFor(() => request.origin, has)) {
      request.addHeader?.(name, value);
    }
  } catch {
    // As above.
  }
}

type Method = (this: ClientRequest, ...args: unknown[]) => unknown;

/** Replaces a method of all requests by what `wrap` makes of it. @returns a function that puts it back; where there is no such method it does nothing */
function replaceMethod(name: string, wrap: (original: Method) => Method): () => void {
  const prototype = process.getBuiltinModule('node:http').ClientRequest.prototype as unknown as Record<string, Method>;
  const own = Object.getOwnPropertyDescriptor(prototype, name);
  const original = prototype[name];
  if (original === undefined) {
    return () => undefined;
  }
  Object.defineProperty(prototype, name, { value: wrap(original), configurable: true, writable: true });
  return () => {
    if (own === undefined) delete prototype[name];
    else Object.defineProperty(prototype, name, own);
  };
}

/**
 * The head of a request leaves with the first of these calls. No channel of Node 20 tells of a request before that, and its functions
 * `request` and `get` cannot be replaced where they were imported by name. A head that is given as an array, or asks to wait
 * (`expect`), is written by the constructor already, through the one function that writes heads.
 */
function wrapClientRequest(): () => void {
  const marking = (original: Method): Method =>
    function (...args) {
      mark(this);
      return original.apply(this, args);
    };
  const writing = (original: Method): Method =>
    function (line, headers, ...more) {
      if (Array.isArray(headers)) return original.call(this, line, marked(this, headers), ...more);
      mark(this);
      return original.call(this, line, headers, ...more);
    };
  const undo = [
    ...['end', 'write', 'flushHeaders'].map((name) => replaceMethod(name, marking)),
    replaceMethod('_storeHeader', writing),
  ];
  return () => {
    for (const restore of undo) restore();
  };
}

/**
 * Puts `traceparent`, and the `tracestate` that came with the request, on what `fetch` and `node:http(s)` send within a request, to the destinations of `propagateTo`. One that is there
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
