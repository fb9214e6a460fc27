import type { FastifyError, FastifyInstance } from 'fastify';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { sourceStack } from '../lib/source-stack.ts';

/** Every failure leaves as `{"error": {"code", "message", "hint"}}`; what is our own fault is also logged. */
export function installErrorHandler(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError | YumOpsError, request, reply) => {
    const problem = error instanceof YumOpsError ? error : (unstorable(error) ?? fromFastify(error));
    if (problem.status >= 500 && problem.status !== 503) {
      log.error('request failed', {
        method: request.method,
        path: request.url.split('?')[0],
        code: problem.code,
        error: sourceStack(error),
      });
    }
    if (problem.retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(problem.retryAfter)));
    return reply.code(problem.status).send({ error: problem.toProblem() });
  });
}

/** What Postgres says of a text that it cannot keep: it has a NUL, or is no UTF-8. */
const UNSTORABLE = new Set(['22021', '22P05']);

function unstorable(error: unknown): YumOpsError | undefined {
  if (!UNSTORABLE.has(codeOf(error) ?? '')) return undefined;
  return new YumOpsError('invalid_text', 'A text of the request has a character that cannot be kept, such as NUL.', {
    hint: 'Take it out.',
    status: 400,
  });
}

/** `params/project a project is a number` as people say it: `project: a project is a number`. */
function plainly(message: string): string {
  return message.replaceAll(/(^|, )(?:body|params|querystring|headers)\/(\S+) /g, (_, before, name) => {
    return `${before}${name.replaceAll('/', '.')}: `;
  });
}

function fromFastify(error: FastifyError): YumOpsError {
  if (error.validation) {
    return new YumOpsError('invalid_request', plainly(error.message), {
      hint: 'See /api/openapi.json for what this route takes.',
      status: 400,
    });
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    return new YumOpsError('internal_error', 'The server failed to answer this request.', {
      hint: 'Its log has the details.',
      status,
    });
  }
  const named = BY_FRAMEWORK[error.code];
  if (named) return new YumOpsError(named.code, named.message ?? error.message, { hint: named.hint, status });
  const hint = 'See /api/openapi.json for the routes and what they take.';
  return new YumOpsError((error.code ?? 'bad_request').toLowerCase(), error.message, { hint, status });
}

/** What the HTTP framework refuses by itself, in our words; without a message its own is told. */
const BY_FRAMEWORK: Readonly<Record<string, { code: string; message?: string; hint: string }>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: {
    code: 'invalid_json',
    message: 'The body is not valid JSON.',
    hint: 'Look at its quotes and commas; a body that is cut off is none either.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    hint: 'Send JSON, with the header content-type: application/json.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', hint: 'Send less at once.' },
};
