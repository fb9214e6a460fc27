import { YumOpsError } from '../../../../lib/errors.ts';
import type { Attempt } from '../../attempt.ts';
import { rewriteTarget } from '../../rewrite.ts';
import { exchange, type HttpAnswer, type HttpRequest } from './exchange.ts';

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request and follows redirects. Every hop is resolved and vetted anew and rewritten by `targets`; the
 * monitor's own headers stay with the origin they were meant for.
 * @throws {YumOpsError} `redirect_loop`, `too_many_redirects`, `redirect_invalid`, or what `exchange` throws
 */
export async function exchangeFollowing(first: HttpRequest, attempt: Attempt): Promise<HttpAnswer> {
  const seen = new Set<string>();
  let request = first;
  for (let hops = 0; ; hops += 1) {
    const step = `${request.method} ${request.url.href}`;
    if (seen.has(step)) {
      throw new YumOpsError('redirect_loop', `Redirect loop: ${request.url.href} leads back to itself.`);
    }
    if (hops > MAX_REDIRECTS) {
      throw new YumOpsError(
        'too_many_redirects',
        `More than ${MAX_REDIRECTS} redirects, the last to ${request.url.href}.`,
      );
    }
    seen.add(step);
    const answer = await exchange(request, attempt);
    const location = answer.headers['location'];
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    request = redirected(request, answer.status, nextUrl(location, request.url, attempt));
  }
}

function nextUrl(location: string, base: URL, attempt: Attempt): URL {
  const url = URL.canParse(location, base.href) ? new URL(location, base.href) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new YumOpsError('redirect_invalid', `${base.href} redirects to "${location}", which is not an HTTP address.`);
  }
  return new URL(rewriteTarget(url.href, attempt.context.targets));
}

/** As browsers do: 303, and 301 or 302 of a POST, become a GET without a body. */
function redirected(request: HttpRequest, status: number, url: URL): HttpRequest {
  const toGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const isOwn = url.origin === request.url.origin;
  const own = isOwn ? request.ownHeaders : {};
  const tls = isOwn || request.tls === null ? request.tls : { ...request.tls, client: null };
  if (!toGet) return { ...request, url, ownHeaders: own, tls };
  const withoutBody = Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith('content-')));
  return { ...request, url, method: 'GET', ownHeaders: withoutBody, body: null, tls };
}
