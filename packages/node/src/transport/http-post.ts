import type { Agent, ClientRequest } from 'node:http';

/** Header that marks the SDK's own requests, so that they are not reported as outbound calls of the application. */
export const BATCH_HEADER = 'x-yumops-batch';

/** Marks requests of the SDK whose receiver is not to be told: it may be any server of Sentry's protocol. */
const OWN = Symbol.for('yumops.request.own');

/** Whether a request is one of the SDK's own, and no call of the application. */
export function isOwnRequest(request: ClientRequest): boolean {
  return OWN in request || request.hasHeader(BATCH_HEADER);
}

export interface Answer {
  status: number;
  /** From `Retry-After`, milliseconds. */
  retryAfter: number | undefined;
  /** `X-Sentry-Rate-Limits`, as it came. */
  rateLimits: string | undefined;
  body: string;
}

const MAX_ANSWER = 256 * 1024;
/** Loaded with the first request: an application that starts has other things to do. */
const agents: Partial<Record<'node:http' | 'node:https', Agent>> = {};

function client(url: URL) {
  const name = url.protocol === 'https:' ? 'node:https' : 'node:http';
  const { Agent, request } = process.getBuiltinModule(name);
  agents[name] ??= new Agent({ keepAlive: true, maxSockets: 2 });
  return { agent: agents[name], request };
}

function retryAfterOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  if (header === undefined || header === '') {
    return undefined;
  }
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 3_600_000) : undefined;
}

/**
 * One POST. Resolves with the answer whatever its status; rejects when the network fails or `timeoutMs` pass before the whole
 * answer is there.
 */
export function post(url: URL, headers: Record<string, string>, body: Buffer, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { agent, request: open } = client(url);
    const request = open(url, { method: 'POST', headers: { ...headers, 'content-length': body.length }, agent });
    Object.assign(request, { [OWN]: true });
    const deadline = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const settle = (finish: () => void) => {
      clearTimeout(deadline);
      finish();
    };
    request.on('error', (error) => settle(() => reject(error)));
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text = text.length < MAX_ANSWER ? text + part : text;
      });
      response.on('error', (error) => settle(() => reject(error)));
      response.on('end', () =>
        settle(() =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: retryAfterOf(response.headers['retry-after']),
            rateLimits: response.headers['x-sentry-rate-limits']?.toString(),
            body: text,
          }),
        ),
      );
    });
    request.end(body);
  });
}
