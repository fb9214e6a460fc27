import type { NextRequest } from 'next/server';
import { Problem } from '@/lib/http/problem';
import { seeOther, wantsPage } from '@/lib/http/wants-page';
import { withRequestLog } from '@/lib/middleware/request-logger';

type Params = { params: Promise<Record<string, string>> };
type Handler<Context> = (request: NextRequest, context: Context) => Promise<Response> | Response;

/**
 * A route handler with the habits of this site: requests are logged under their route template, forms of other
 * sites are refused, and a Problem becomes JSON for scripts or a note on the page that the form came from.
 */
export function api<Context extends Params = Params>(handler: Handler<Context>): Handler<Context> {
  const answering: Handler<Context> = async (request, context) => {
    try {
      refuseForeignForm(request);
      return await handler(request, context);
    } catch (error) {
      if (error instanceof Problem) return answerProblem(request, error);
      throw error;
    }
  };
  return withRequestLog(answering);
}

/** Cookies are sent along with forms of any site; only the browser's Origin header tells whose form it was. */
function refuseForeignForm(request: NextRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const origin = request.headers.get('origin');
  if (origin === null) return;
  const host = request.headers.get('x-forwarded-host') ?? request.headers.get('host');
  if (!URL.canParse(origin) || new URL(origin).host !== host) {
    throw new Problem(403, 'foreign_origin', 'This form belongs to another site.');
  }
}

function answerProblem(request: NextRequest, problem: Problem): Response {
  const referer = request.headers.get('referer');
  if (wantsPage(request) && referer !== null && URL.canParse(referer)) {
    const page = new URL(referer);
    page.searchParams.set('problem', problem.code);
    return seeOther(`${page.pathname}${page.search}`);
  }
  const headers = new Headers(problem.status === 401 ? { 'www-authenticate': 'Session' } : {});
  if (problem.retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(problem.retryAfterMs / 1000)));
  const body = { error: { code: problem.code, message: problem.message } };
  return Response.json(body, { status: problem.status, headers });
}
