import { cleanUrl, randomHex } from './identity.ts';
import type { Watch } from './options.ts';

const PATCHED = Symbol.for('yumops.patched');

const ownApi = (url: URL) => url.origin === location.origin && url.pathname.includes('/api/');

/** Times fetch and XMLHttpRequest. What the page gets and throws stays as it is. */
export function watchRequests(watch: Watch): void {
  watchFetch(watch);
  watchXhr(watch);
}

/** Whether a request to this address is timed. Our own beacons never are. */
function isTimed(watch: Watch, address: string): URL | undefined {
  if (!watch.isTimed()) return undefined;
  try {
    const url = new URL(address, location.href);
    const { apiRequests = ownApi } = watch.options;
    return url.href.startsWith(watch.target) || !apiRequests(url) ? undefined : url;
  } catch {
    return undefined;
  }
}

function report(
  watch: Watch,
  request: { url: URL; method: string; started: number; status: number; success: boolean },
): void {
  const { url, method, started, status, success } = request;
  watch.add({
    kind: 'api_response_time',
    name: cleanUrl(url.href),
    method,
    duration: performance.now() - started,
    success,
    ...(status > 0 && { statusCode: status }),
    traceId: watch.traceId,
  });
}

/** The header by which the server's records are linked with this page view; only for the own site. */
function traceHeader(watch: Watch, url: URL): string | undefined {
  if (watch.options.propagateTrace === false || url.origin !== location.origin) return undefined;
  return `00-${watch.traceId}-${randomHex(8)}-01`;
}

function watchFetch(watch: Watch): void {
  const original = window.fetch;
  if (PATCHED in original) return;
  const patched = async function (this: unknown, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const url = isTimed(watch, input instanceof Request ? input.url : String(input));
    if (!url) return original.call(window, input, init);
    const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
    const started = performance.now();
    try {
      const response = await original.call(window, input, traced(watch, url, input, init));
      report(watch, { url, method, started, status: response.status, success: response.ok });
      return response;
    } catch (error) {
      // A request that the page itself gave up did not fail.
      if ((error as Error)?.name !== 'AbortError') report(watch, { url, method, started, status: 0, success: false });
      throw error;
    }
  };
  Object.defineProperty(patched, PATCHED, { value: true });
  window.fetch = patched as typeof window.fetch;
  watch.onStop(() => {
    if (window.fetch === (patched as typeof window.fetch)) window.fetch = original;
  });
}

function traced(watch: Watch, url: URL, input: RequestInfo | URL, init?: RequestInit): RequestInit | undefined {
  const header = traceHeader(watch, url);
  if (header === undefined) return init;
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  if (!headers.has('traceparent')) headers.set('traceparent', header);
  return { ...init, headers };
}

function watchXhr(watch: Watch): void {
  const prototype = XMLHttpRequest.prototype;
  const { open, send } = prototype;
  if (PATCHED in open) return;
  const requests = new WeakMap<XMLHttpRequest, { url: URL; method: string }>();
  const patchedOpen = function (this: XMLHttpRequest, method: string, address: string | URL, ...rest: unknown[]): void {
    const url = isTimed(watch, String(address));
    if (url) requests.set(this, { url, method: method.toUpperCase() });
    Reflect.apply(open, this, [method, address, ...rest]);
  };
  Object.defineProperty(patchedOpen, PATCHED, { value: true });
  prototype.open = patchedOpen as typeof open;
  const patchedSend = function (this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null): void {
    const request = requests.get(this);
    if (request) {
      const started = performance.now();
      const header = traceHeader(watch, request.url);
      if (header !== undefined) this.setRequestHeader('traceparent', header);
      this.addEventListener('abort', () => requests.delete(this));
      this.addEventListener('loadend', () => {
        if (!requests.delete(this)) return;
        report(watch, { ...request, started, status: this.status, success: this.status >= 200 && this.status < 400 });
      });
    }
    send.call(this, body);
  };
  prototype.send = patchedSend;
  watch.onStop(() => {
    // Who came after has our functions in theirs.
    if (prototype.open === (patchedOpen as typeof open)) prototype.open = open;
    if (prototype.send === patchedSend) prototype.send = send;
  });
}
