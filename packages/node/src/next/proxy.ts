// biome-ignore lint/suspicious/noConfusingVoidType: a proxy may return nothing at all
type ProxyResult = Response | undefined | null | void;

/** What Next.js hands to `proxy`, as far as it is used here. */
type ProxyFunction<Request_ extends Request, Rest extends unknown[], Result extends ProxyResult> = (
  request: Request_,
  ...rest: Rest
) => Result | Promise<Result>;

const ACCEPTED = /^[A-Za-z0-9._-]{8,64}$/;

interface Client {
  captureException(error: unknown, context: object, mechanism: object): unknown;
}

/** Next.js calls no `onRequestError` for what a proxy throws. Where it runs in Node the client of the process is there; nothing of it is imported. */
function tell(error: unknown, { method, url }: Request): void {
  const values = (globalThis as Record<symbol, unknown>)[Symbol.for('yumops.node.1')] as
    | Map<string, unknown>
    | undefined;
  const { client } = (values?.get('errors') ?? {}) as { client?: Client };
  const tags = { route: 'proxy', method, path: new URL(url).pathname };
  client?.captureException(error, { tags }, { type: 'nextjs', handled: false });
}

/**
 * Wraps the `proxy` function of `proxy.ts` so that its responses carry the request's id, and what it throws is sent. Uses nothing of Node, so it also works in the edge
 * runtime. It writes no line of its own: the request's one line is written by the instrumentation.
 */
export function withProxyLog<Request_ extends Request, Rest extends unknown[], Result extends ProxyResult>(
  proxy: ProxyFunction<Request_, Rest, Result>,
): ProxyFunction<Request_, Rest, Result> {
  return async (request, ...rest) => {
    const sent = request.headers.get('x-request-id') ?? '';
    const requestId = ACCEPTED.test(sent) ? sent : crypto.randomUUID();
    let response: Result;
    try {
      response = await proxy(request, ...rest);
    } catch (error) {
      tell(error, request);
      throw error;
    }
    if (response instanceof Response) {
      response.headers.set('x-request-id', requestId);
    }
    return response;
  };
}

export { refuseBlocked } from './block-list.ts';
